// A diagram of an agent's text, as an image: nothing in it can run or load anything. Its source stays at hand.
import { useEffect, useState } from "react";
import { CodeBlock } from "../markdown/CodeBlock";
import { useIsDark } from "../ui/theme";
import styles from "./Diagram.module.css";
import { drawDiagram } from "./drawDiagram";
import type { DiagramAnswer } from "./messages";

const SMALLEST = 0.6; // of its own size: a diagram that would be smaller in its place is scrolled

export default function Diagram({ code }: { code: string }) {
  const dark = useIsDark();
  const [drawn, setDrawn] = useState<DiagramAnswer | null>(null);
  useEffect(() => {
    let wanted = true;
    void drawDiagram(code, dark).then((answer) => wanted && setDrawn(answer));
    return () => {
      wanted = false;
    };
  }, [code, dark]);
  if (drawn === null || "error" in drawn) {
    return (
      <>
        <CodeBlock code={code} language="mermaid" />
        {drawn && <p className={styles.failed}>This diagram could not be drawn: {drawn.error.split("\n")[0]}</p>}
      </>
    );
  }
  return (
    <figure className={styles.diagram}>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Diagram">
        <img
          src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn.svg)}`}
          width={Math.ceil(drawn.width)}
          height={Math.ceil(drawn.height)}
          style={{ maxWidth: `max(100%, ${Math.ceil(drawn.width * SMALLEST)}px)` }}
          alt={`Diagram: ${code.trim().slice(0, 200)}`}
        />
      </div>
      <details className={styles.source}>
        <summary>Source</summary>
        <CodeBlock code={code} language="mermaid" />
      </details>
    </figure>
  );
}

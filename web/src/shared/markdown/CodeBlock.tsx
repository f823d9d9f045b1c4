// A code block with its language and a copy button; highlighting follows when it is ready.
import { memo, useEffect, useState, type ReactNode } from "react";
import { CopyButton } from "../ui/CopyButton";
import styles from "./CodeBlock.module.css";

const COLOUR_MAX_CHARS = 60_000; // longer code would block the page noticeably
const SETTLE_MS = 120; // streaming code is highlighted in its pauses

export const CodeBlock = memo(function CodeBlock({ code, language }: { code: string; language: string }) {
  const coloured = useHighlight(code, language);
  return (
    <figure className={styles.block}>
      <figcaption className={styles.head}>
        <span>{language || "text"}</span>
        <CopyButton text={code} what="code" />
      </figcaption>
      <pre className={styles.code} tabIndex={0}>
        <code>{coloured ?? code}</code>
      </pre>
    </figure>
  );
});

function useHighlight(code: string, language: string): ReactNode {
  const [done, setDone] = useState<{ code: string; nodes: ReactNode } | null>(null);
  useEffect(() => {
    if (!language || code.length > COLOUR_MAX_CHARS) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const { colour } = await import("./highlight");
      const nodes = colour(code, language);
      if (wanted) setDone({ code, nodes });
    }, SETTLE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [code, language]);
  return done?.code === code ? done.nodes : null;
}

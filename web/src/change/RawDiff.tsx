// A diff as git prints it, line by line, with the kinds of lines told apart. Only so much as a screen can hold.
import { useMemo } from "react";
import { visible } from "../text/visible";
import styles from "./RawDiff.module.css";

const SHOWN_LINES = 4_000;

export function RawDiff({ text }: { text: string }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  return (
    <pre className={styles.diff} tabIndex={0} aria-label="What has changed since">
      {lines.slice(0, SHOWN_LINES).map((line, index) => (
        <div key={index} data-kind={kindOf(line)}>
          {visible(line) || " "}
        </div>
      ))}
      {lines.length > SHOWN_LINES && <div>… {(lines.length - SHOWN_LINES).toLocaleString()} more lines</div>}
    </pre>
  );
}

function kindOf(line: string): string {
  if (line.startsWith("diff --git")) return "file";
  if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("index ") || line.startsWith("@@")) return "head";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "same";
}

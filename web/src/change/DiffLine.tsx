// One line of a difference: its numbers, its sign, and its text with colours and the changed words marked.
import { memo } from "react";
import type { LineOut } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./DiffLines.module.css";
import { segments, type Token } from "./segments";

interface DiffLineProps {
  line: LineOut | null;
  /** The column that it stands in; null: there is one for both sides. */
  side: "old" | "new" | null;
  tokens: readonly Token[] | null | undefined;
  onPick?: (line: number, side: "old" | "new") => void;
}

const SIGNS = { context: " ", removed: "−", added: "+" } as const;

export const DiffLine = memo(function DiffLine({ line, side, tokens, onPick }: DiffLineProps) {
  if (!line) return <div className={styles.line} data-kind="nothing" />;
  const of = side ?? (line.kind === "removed" ? "old" : "new");
  const number = of === "old" ? line.old : line.new;
  return (
    <div className={styles.line} data-kind={line.kind}>
      {side === null && <span className={styles.number}>{line.old ?? ""}</span>}
      {onPick && number !== null ? (
        <button type="button" className={styles.number} tabIndex={-1} aria-label={`Comment on line ${number}`} onClick={() => onPick(number, of)}>
          {side === null ? (line.new ?? "") : number}
        </button>
      ) : (
        <span className={styles.number}>{side === null ? (line.new ?? "") : (number ?? "")}</span>
      )}
      <span className={styles.sign} aria-hidden>
        {SIGNS[line.kind]}
      </span>
      <Words line={line} tokens={tokens ?? undefined} />
    </div>
  );
});

function Words({ line, tokens }: { line: LineOut; tokens: readonly Token[] | undefined }) {
  return (
    <span className={styles.text}>
      {line.kind !== "context" && <span className="visually-hidden">{line.kind}: </span>}
      {segments(line.text, line.spans, tokens).map((one, index) =>
        one.marked ? (
          <mark key={index} className={one.className}>
            {visible(one.text)}
          </mark>
        ) : one.className ? (
          <span key={index} className={one.className}>
            {visible(one.text)}
          </span>
        ) : (
          visible(one.text)
        ),
      )}
      {line.end === "crlf" && (
        <span className={styles.end} title="The line ends with CR LF">
          CR LF
        </span>
      )}
      {line.end === "none" && <span className={styles.end}>no line feed at the end of the file</span>}
      {line.left_out > 0 && <span className={styles.end}>… {line.left_out.toLocaleString()} more characters</span>}
      {!line.utf8 && <span className={styles.end}>not UTF-8</span>}
    </span>
  );
}

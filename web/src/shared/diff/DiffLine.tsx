// One line of a diff: numbers, sign, and highlighted text with the changed words marked.
import { memo, useContext } from "react";
import type { DiffLine as Line } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./DiffLines.module.css";
import { keyOf, LineSelectionContext } from "./lineSelection";
import { segments, type Token } from "./segments";

interface DiffLineProps {
  line: Line | null;
  /** Its column; null for a single column. */
  side: "old" | "new" | null;
  tokens: readonly Token[] | null | undefined;
  onPick?: (line: number, side: "old" | "new") => void;
}

const SIGNS = { context: " ", removed: "−", added: "+" } as const;

export const DiffLine = memo(function DiffLine({ line, side, tokens, onPick }: DiffLineProps) {
  const selection = useContext(LineSelectionContext);
  if (!line) return <div className={styles.line} data-kind="nothing" />;
  const of = side ?? (line.kind === "removed" ? "old" : "new");
  const number = of === "old" ? line.old : line.new;
  const selectable = selection !== null && line.kind !== "context";
  const selected = selectable && selection.selected.has(keyOf(line));
  return (
    <div className={styles.line} data-kind={line.kind} data-selected={selected || undefined}>
      {selectable && (
        <input
          type="checkbox"
          className={styles.choose}
          checked={selected}
          aria-label={`${line.kind} line ${number}`}
          onChange={(event) => selection.toggle(line, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      )}
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

function Words({ line, tokens }: { line: Line; tokens: readonly Token[] | undefined }) {
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
        <span className={styles.end} title="Line ends with CR LF">
          CR LF
        </span>
      )}
      {line.end === "none" && <span className={styles.end}>no newline at end of file</span>}
      {line.left_out > 0 && <span className={styles.end}>… {line.left_out.toLocaleString()} more characters</span>}
      {!line.utf8 && <span className={styles.end}>not UTF-8</span>}
    </span>
  );
}

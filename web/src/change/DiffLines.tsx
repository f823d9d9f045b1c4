// The lines of a unit, inline or side by side, with the changed words marked.
import { Fragment, memo } from "react";
import type { LineOut, UnitOut } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./DiffLines.module.css";
import { useDiffView } from "./view";

interface DiffLinesProps {
  unit: UnitOut;
  path: string;
  /** A line's number was clicked: the person wants to say something about it. */
  onPick: (line: number, side: "old" | "new") => void;
}

const SIGNS = { context: " ", removed: "−", added: "+" } as const;

export const DiffLines = memo(function DiffLines({ unit, path, onPick }: DiffLinesProps) {
  const { layout, wrap } = useDiffView();
  if (unit.lines.length === 0) return null;
  const rows = layout === "split" ? pairs(unit.lines) : null;
  return (
    <pre className={styles.lines} data-wrap={wrap} data-layout={layout} tabIndex={-1} aria-label={`Lines of ${path}`}>
      {rows
        ? rows.map(([left, right], index) => (
            <Fragment key={index}>
              <Line line={left} side="old" onPick={onPick} />
              <Line line={right} side="new" onPick={onPick} />
            </Fragment>
          ))
        : unit.lines.map((line, index) => <InlineLine key={index} line={line} onPick={onPick} />)}
    </pre>
  );
});

type Pick = DiffLinesProps["onPick"];

function InlineLine({ line, onPick }: { line: LineOut; onPick: Pick }) {
  const side = line.kind === "removed" ? "old" : "new";
  const number = side === "old" ? line.old : line.new;
  return (
    <div className={styles.line} data-kind={line.kind}>
      <span className={styles.number}>{line.old ?? ""}</span>
      <NumberButton number={number} shown={line.new} side={side} onPick={onPick} />
      <span className={styles.sign} aria-hidden>
        {SIGNS[line.kind]}
      </span>
      <Words line={line} />
    </div>
  );
}

function Line({ line, side, onPick }: { line: LineOut | null; side: "old" | "new"; onPick: Pick }) {
  if (!line) return <div className={styles.line} data-kind="nothing" />;
  const number = side === "old" ? line.old : line.new;
  return (
    <div className={styles.line} data-kind={line.kind}>
      <NumberButton number={number} shown={number} side={side} onPick={onPick} />
      <span className={styles.sign} aria-hidden>
        {SIGNS[line.kind]}
      </span>
      <Words line={line} />
    </div>
  );
}

function NumberButton({ number, shown, side, onPick }: { number: number | null; shown: number | null; side: "old" | "new"; onPick: Pick }) {
  if (number === null) return <span className={styles.number} />;
  return (
    <button type="button" className={styles.number} tabIndex={-1} aria-label={`Comment on line ${number}`} onClick={() => onPick(number, side)}>
      {shown ?? ""}
    </button>
  );
}

function Words({ line }: { line: LineOut }) {
  return (
    <span className={styles.text}>
      <span className="visually-hidden">{line.kind === "context" ? "" : `${line.kind}: `}</span>
      {line.spans.length ? marked(line) : visible(line.text)}
      {line.end === "crlf" && <span className={styles.end} title="The line ends with CR LF">␍</span>}
      {line.end === "none" && <span className={styles.end} title="No line feed at the end of the file">⏎̸</span>}
      {line.left_out > 0 && <span className={styles.end}>… {line.left_out.toLocaleString()} more characters</span>}
      {!line.utf8 && <span className={styles.end}>not UTF-8</span>}
    </span>
  );
}

/** The text with its changed words marked; spans count code points. */
function marked(line: LineOut) {
  const points = Array.from(line.text);
  const out = [];
  let at = 0;
  for (const [begin, end] of line.spans) {
    out.push(visible(points.slice(at, begin).join("")));
    out.push(<mark key={begin}>{visible(points.slice(begin, end).join(""))}</mark>);
    at = end;
  }
  out.push(visible(points.slice(at).join("")));
  return out;
}

/** Removed lines beside the added ones that follow them. */
function pairs(lines: readonly LineOut[]): [LineOut | null, LineOut | null][] {
  const rows: [LineOut | null, LineOut | null][] = [];
  let removed: LineOut[] = [];
  let added: LineOut[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++) rows.push([removed[at] ?? null, added[at] ?? null]);
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line.kind === "removed") {
      if (added.length) flush();
      removed.push(line);
    } else if (line.kind === "added") added.push(line);
    else {
      flush();
      rows.push([line, line]);
    }
  }
  flush();
  return rows;
}

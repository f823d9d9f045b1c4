// The lines of a unit, inline or side by side; a long one in blocks, of which only those near the screen are drawn.
import { memo, useMemo, type ReactNode } from "react";
import type { DiffLine } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./DiffLines.module.css";
import { LineBlock } from "./LineBlock";
import { inlineRows, splitRows, type Row } from "./rows";
import { useDiffView } from "./diffView";

interface DiffLinesProps {
  lines: readonly DiffLine[];
  path: string;
  /** A line number was clicked, to comment on the line. */
  onPick?: (line: number, side: "old" | "new") => void;
  /** Content below a row, such as comments. */
  below?: (row: Row) => ReactNode;
}

const BLOCK_ROWS = 150;

export const DiffLines = memo(function DiffLines({ lines, path, onPick, below }: DiffLinesProps) {
  const { layout, wrap } = useDiffView();
  const blocks = useMemo(() => {
    const rows = layout === "split" ? splitRows(lines) : inlineRows(lines);
    const cut: Row[][] = [];
    for (let at = 0; at < rows.length; at += BLOCK_ROWS) cut.push(rows.slice(at, at + BLOCK_ROWS));
    return cut;
  }, [lines, layout]);
  if (lines.length === 0) return null;
  return (
    <div className={styles.lines} data-wrap={wrap || layout === "split"} data-layout={layout} role="group" aria-label={`Lines of ${visible(path)}`}>
      {blocks.map((rows, index) => (
        <LineBlock key={`${layout}${index}`} rows={rows} path={path} split={layout === "split"} alone={blocks.length === 1} onPick={onPick} below={below} />
      ))}
    </div>
  );
});

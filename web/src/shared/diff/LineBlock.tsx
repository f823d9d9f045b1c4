// A block of rows; far from the screen only its height is kept.
import { Fragment, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { DiffLine as Line } from "../api/generated";
import styles from "./DiffLines.module.css";
import { DiffLine } from "./DiffLine";
import type { Row } from "./rows";
import { useHighlight } from "./useHighlight";
import { useNearViewport } from "../hooks/useNearViewport";

interface LineBlockProps {
  rows: readonly Row[];
  path: string;
  split: boolean;
  /** The only block of its unit: drawn immediately. */
  alone: boolean;
  onPick?: (line: number, side: "old" | "new") => void;
  below?: (row: Row) => ReactNode;
}

const ROW_PX = 20;

export function LineBlock({ rows, path, split, alone, onPick, below }: LineBlockProps) {
  const box = useRef<HTMLDivElement>(null);
  const near = useNearViewport(box, alone);
  const shown = alone || near;
  const [height, setHeight] = useState(rows.length * ROW_PX);
  const lines = useMemo(() => [...new Set(rows.flatMap((row) => [row.left, row.right]))].filter((line): line is Line => line !== null), [rows]);
  const colours = useHighlight(lines, path, shown);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- every render may change the height, which `setHeight` drops if it is the same
  useLayoutEffect(() => {
    if (shown && box.current) setHeight(box.current.offsetHeight); // keeps the place once the rows are taken out again
  });
  if (!shown) return <div ref={box} style={{ height }} />;
  return (
    <div ref={box}>
      {rows.map((row, index) => (
        <Fragment key={index}>
          {split ? (
            <div className={styles.pair}>
              <DiffLine line={row.left} side="old" tokens={row.left && colours?.get(row.left)} onPick={onPick} />
              <DiffLine line={row.right} side="new" tokens={row.right && colours?.get(row.right)} onPick={onPick} />
            </div>
          ) : (
            <DiffLine line={row.right} side={null} tokens={row.right && colours?.get(row.right)} onPick={onPick} />
          )}
          {below?.(row)}
        </Fragment>
      ))}
    </div>
  );
}

// Some rows of a unit; far from the screen only their height is kept.
import { Fragment, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { LineOut } from "../api/generated";
import styles from "./DiffLines.module.css";
import { DiffLine } from "./DiffLine";
import type { Row } from "./rows";
import { useColours } from "./useColours";
import { useNear } from "./useNear";

interface LineBlockProps {
  rows: readonly Row[];
  path: string;
  split: boolean;
  /** The only block of its unit: it is drawn at once. */
  alone: boolean;
  onPick?: (line: number, side: "old" | "new") => void;
  below?: (row: Row) => ReactNode;
}

const ROW_PX = 20;

export function LineBlock({ rows, path, split, alone, onPick, below }: LineBlockProps) {
  const box = useRef<HTMLDivElement>(null);
  const near = useNear(box, alone);
  const shown = alone || near;
  const [height, setHeight] = useState(rows.length * ROW_PX);
  const lines = useMemo(() => [...new Set(rows.flatMap((row) => [row.left, row.right]))].filter((line): line is LineOut => line !== null), [rows]);
  const colours = useColours(lines, path, shown);
  useLayoutEffect(() => {
    if (shown && box.current) setHeight(box.current.offsetHeight); // for the time when it is away again
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

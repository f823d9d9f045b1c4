// The file tree, virtualised, with one focused row.
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import styles from "./FileList.module.css";
import { FileTreeRow } from "./FileTreeRow";
import type { TreeRow } from "./fileTree";
import { treeStep, typedAhead, type Step } from "./treeKeys";

interface FileTreeProps {
  box: RefObject<HTMLDivElement | null>;
  rows: readonly TreeRow[];
  onFold: (keys: readonly string[], away: boolean) => void;
  onChoose: (number: number) => void;
}

const ROW_PX = 26;
const TOUCH_ROW_PX = 40;
const TYPING_MS = 700; // a letter after this pause starts a new search

export function FileTree({ box, rows, onFold, onChoose }: FileTreeProps) {
  const id = useId();
  const [active, setActive] = useState<string | null>(null);
  const typed = useRef({ text: "", at: 0 });
  const at = Math.max(0, rows.findIndex((row) => row.key === active));
  const [height] = useState(() => (matchMedia("(pointer: coarse)").matches ? TOUCH_ROW_PX : ROW_PX));
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.key ?? index,
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), at])].sort((a, b) => a - b),
    overscan: 12,
  });
  useEffect(() => {
    if (active !== null) list.scrollToIndex(at, { align: "auto" });
  }, [active, at, list]);
  const take = (row: TreeRow) => {
    setActive(row.key);
    if (row.kind === "file") onChoose(row.file.number);
    else onFold([row.key], row.open);
  };
  const done = (step: Step) => {
    if ("go" in step) setActive(step.go);
    else if ("open" in step) onFold(step.open, false);
    else if ("fold" in step) onFold([step.fold], true);
    else if (rows[at]) take(rows[at]);
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const more = typed.current.text !== "" && event.timeStamp - typed.current.at < TYPING_MS;
    const step = event.key === " " && more ? null : treeStep(rows, at, event.key);
    if (!step && event.key.length !== 1) return;
    event.preventDefault();
    if (step) return done(step);
    typed.current = { text: (more ? typed.current.text : "") + event.key, at: event.timeStamp };
    const found = typedAhead(rows, at, typed.current.text);
    if (found !== null) setActive(found);
  };
  return (
    <div ref={box} className={styles.tree} role="tree" tabIndex={0} aria-label="Files" aria-activedescendant={`${id}${at}`} onKeyDown={keyed} onFocus={() => setActive(rows[at]?.key ?? null)}>
      <div role="none" className={styles.rows} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row && <FileTreeRow key={item.key} id={`${id}${item.index}`} row={row} active={item.index === at} top={item.start} height={height} onTake={take} />;
        })}
      </div>
    </div>
  );
}

// All files of the change in one virtual scroll; the keyboard walks from unit to unit.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { ReviewFileOut } from "../api/generated";
import { FileView } from "./FileView";
import styles from "./FileScroll.module.css";

interface FileScrollProps {
  changeId: string;
  sessionId: string;
  files: ReviewFileOut[];
  /** The file to go to. */
  chosen: number | null;
  onShown: () => void;
}

const LINE_PX = 20;
const HEAD_PX = 90;

export function FileScroll({ changeId, sessionId, files, chosen, onShown }: FileScrollProps) {
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: files.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => HEAD_PX + Math.min(400, (files[index]?.additions ?? 0) + (files[index]?.deletions ?? 0)) * LINE_PX,
    getItemKey: (index) => files[index]?.path ?? index,
    overscan: 1,
  });
  useEffect(() => {
    if (chosen === null) return;
    const index = files.findIndex((file) => file.number === chosen);
    if (index >= 0) list.scrollToIndex(index, { align: "start" });
    onShown();
  }, [chosen, files, list, onShown]);
  const pressed = (event: React.KeyboardEvent<HTMLDivElement>) => {
    if (event.target instanceof HTMLTextAreaElement || event.ctrlKey || event.metaKey || event.altKey) return;
    if (walk(event.currentTarget, event.key)) event.preventDefault();
  };
  return (
    <div className={styles.scroll} ref={box} onKeyDown={pressed} aria-label="Differences: j and k go to the next and previous part, y accepts, n rejects, u reopens, c comments" role="group" tabIndex={-1}>
      <div className={styles.list} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((row) => {
          const file = files[row.index] as ReviewFileOut;
          return (
            <div key={row.key} ref={list.measureElement} data-index={row.index} className={styles.row} style={{ transform: `translateY(${row.start}px)` }}>
              <FileView changeId={changeId} sessionId={sessionId} file={file} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const BUTTONS: Record<string, string> = { y: "accept", n: "reject", u: "reopen", c: "comment" };

/** j, k: to another unit. y, n, u, c: press that button of the unit that has the keyboard. */
function walk(box: HTMLElement, key: string): boolean {
  const units = [...box.querySelectorAll<HTMLElement>("[data-unit]")];
  const at = units.findIndex((unit) => unit.contains(document.activeElement));
  if (key === "j" || key === "k") {
    const next = units[at < 0 ? 0 : at + (key === "j" ? 1 : -1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return next !== undefined;
  }
  const name = BUTTONS[key];
  const button = name && units[at]?.querySelector<HTMLButtonElement>(`[data-do="${name}"]`);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

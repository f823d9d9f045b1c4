// All files of the change in one virtual scroll, with keyboard review.
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useComments } from "../../shared/review/queries";
import type { ReviewComment, ReviewedFile } from "../../shared/api/generated";
import { FileView } from "./FileView";
import styles from "../../shared/diff/FileScroll.module.css";
import { handleReviewKey } from "./reviewKeys";

interface FileScrollProps {
  changeId: string;
  sessionId: string;
  files: ReviewedFile[];
  /** The file to scroll to. */
  chosen: number | null;
  onShown: () => void;
}

const LINE_PX = 20;
const HEAD_PX = 74;
const CONTEXT_ROWS = 6;
const NONE: readonly ReviewComment[] = [];
const LABEL = "Differences: j and k go to the next and previous part, y accepts, n rejects, u reopens, c comments, s splits, l selects lines, e edits, m joins";

export function FileScroll({ changeId, sessionId, files, chosen, onShown }: FileScrollProps) {
  const box = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState(-1); // keep the focused file mounted wherever the scroll position is
  const comments = useCommentsByPath(sessionId);
  const list = useVirtualizer({
    count: files.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => HEAD_PX + linesHeight(files[index]),
    getItemKey: (index) => files[index]?.path ?? index,
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return held < 0 || held >= files.length || shown.includes(held) ? shown : [...shown, held].sort((a, b) => a - b);
    },
    overscan: 2,
  });
  useEffect(() => {
    if (chosen === null) return;
    const index = files.findIndex((file) => file.number === chosen);
    if (index >= 0) list.scrollToIndex(index, { align: "start" });
    onShown();
  }, [chosen, files, list, onShown]);
  const keyed = (event: React.KeyboardEvent<HTMLDivElement>) => {
    if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const places = { box: event.currentTarget, count: files.length, show: (index: number) => list.scrollToIndex(index, { align: "start" }) };
    if (handleReviewKey(event.key, places)) event.preventDefault();
  };
  const focused = (event: React.FocusEvent) => setHeld(Number(event.target.closest<HTMLElement>("[data-index]")?.dataset.index ?? -1));
  return (
    <div className={styles.scroll} ref={box} data-scroll onKeyDown={keyed} onFocus={focused} onBlur={() => setHeld(-1)} aria-label={LABEL} role="group" tabIndex={0}>
      <div className={styles.list} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((row) => {
          const file = files[row.index] as ReviewedFile;
          return (
            <div key={row.key} ref={list.measureElement} data-index={row.index} className={styles.row} style={{ top: row.start }}>
              <FileView changeId={changeId} sessionId={sessionId} file={file} comments={comments.get(file.path) ?? NONE} height={linesHeight(file)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Estimated height of a file's changed and context lines. */
function linesHeight(file: ReviewedFile | undefined): number {
  return file ? LINE_PX * Math.min(400, file.additions + file.deletions + CONTEXT_ROWS) : 0;
}

function useCommentsByPath(sessionId: string): ReadonlyMap<string, readonly ReviewComment[]> {
  const { data } = useComments(sessionId);
  return useMemo(() => {
    const found = new Map<string, ReviewComment[]>();
    for (const one of data ?? []) found.set(one.path, [...(found.get(one.path) ?? []), one]);
    return found;
  }, [data]);
}

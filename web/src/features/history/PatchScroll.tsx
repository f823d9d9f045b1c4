// The files of a comparison in one virtual scroll, read-only.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { DiffLine } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { DiffLines } from "../../shared/diff/DiffLines";
import scroll from "../../shared/diff/FileScroll.module.css";
import styles from "./PatchScroll.module.css";
import { parsePatch, type PatchFile } from "./parsePatch";
import { useNearViewport } from "../../shared/hooks/useNearViewport";
import { LineCounts } from "../../shared/review/LineCounts";
import { withWords } from "../../shared/diff/wordDiff";

const LINE_PX = 20;
const HEAD_PX = 50;
const ESTIMATE_LINES = 400;

export function PatchScroll({ text }: { text: string }) {
  const files = useMemo(() => parsePatch(text), [text]);
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: files.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => HEAD_PX + LINE_PX * Math.min(ESTIMATE_LINES, files[index]?.hunks.reduce((sum, hunk) => sum + hunk.length, 0) ?? 0),
    getItemKey: (index) => files[index]?.path ?? index,
    overscan: 2,
  });
  return (
    <div className={scroll.scroll} ref={box} data-scroll tabIndex={0} role="group" aria-label="Changes">
      <div className={scroll.list} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((row) => (
          <div key={row.key} ref={list.measureElement} data-index={row.index} className={scroll.row} style={{ top: row.start }}>
            <File file={files[row.index] as PatchFile} />
          </div>
        ))}
      </div>
    </div>
  );
}

function File({ file }: { file: PatchFile }) {
  return (
    <section className={styles.file} aria-label={visible(file.path)}>
      <header className={styles.head}>
        <span className={styles.path} title={visible(file.path)}>
          {visible(file.path)}
        </span>
        <LineCounts additions={file.additions} deletions={file.deletions} />
        <span className={styles.facts}>{file.facts.map(visible).join(" · ")}</span>
      </header>
      {file.hunks.map((lines, index) => (
        <Hunk key={index} lines={lines} path={file.path} />
      ))}
    </section>
  );
}

/** Compare words only for lines near the screen. */
function Hunk({ lines, path }: { lines: readonly DiffLine[]; path: string }) {
  const box = useRef<HTMLDivElement>(null);
  const near = useNearViewport(box);
  const [wanted, want] = useState(false);
  useEffect(() => {
    if (near) want(true);
  }, [near]);
  const shown = useMemo(() => (wanted ? withWords(lines) : lines), [lines, wanted]);
  return (
    <div ref={box}>
      <DiffLines lines={shown} path={path} />
    </div>
  );
}

// Notices in a row: repeated ones are counted; of many the newest is shown, the others on demand.
import { useState } from "react";
import type { NoticeFrame } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { NoticeLine } from "./NoticeLine";
import { counted } from "./noticeCounts";
import styles from "./NoticeLine.module.css";

const SHOWN = 2;

export function NoticeGroup({ notices }: { notices: readonly NoticeFrame[] }) {
  const [open, setOpen] = useState(false);
  const lines = counted(notices);
  const folded = open ? 0 : Math.max(0, lines.length - SHOWN);
  // Warnings are never folded: they may need an answer.
  const shown = lines.filter((line, index) => index >= folded || line.notice.level === "warning");
  const hidden = lines.length - shown.length;
  return (
    <div className={styles.group}>
      {hidden > 0 && (
        <Button className={styles.more} small kind="quiet" aria-expanded={false} onClick={() => setOpen(true)}>
          {hidden === 1 ? "1 earlier notice" : `${hidden} earlier notices`}
        </Button>
      )}
      {shown.map(({ notice, times }) => (
        <NoticeLine key={notice.part ?? notice.seq} notice={notice} times={times} />
      ))}
    </div>
  );
}

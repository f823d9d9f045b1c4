// A notice from the service, not from the agent.
import { Info, TriangleAlert } from "lucide-react";
import type { NoticeFrame } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./NoticeLine.module.css";

export function NoticeLine({ notice, times = 1 }: { notice: NoticeFrame; times?: number }) {
  const warning = notice.level === "warning";
  return (
    <p className={styles.notice} data-level={notice.level ?? "info"}>
      {warning ? <TriangleAlert aria-label="Warning" /> : <Info aria-hidden />}
      <span>
        {visible(notice.text)}
        {times > 1 && <span className={styles.times}> {times} times</span>}
      </span>
    </p>
  );
}

// Something that the person should know and the agent did not say.
import { Info, TriangleAlert } from "lucide-react";
import type { Notice } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./NoticeLine.module.css";

export function NoticeLine({ notice }: { notice: Notice }) {
  const warning = notice.level === "warning";
  return (
    <p className={styles.notice} data-level={notice.level ?? "info"}>
      {warning ? <TriangleAlert aria-label="Warning" /> : <Info aria-hidden />}
      <span>{visible(notice.text)}</span>
    </p>
  );
}

// The status of a tool call as an icon with a label.
import { Ban, Check, CircleDashed, CircleQuestionMark, LoaderCircle, X } from "lucide-react";
import type { ToolStatus } from "../../../shared/api/generated";
import styles from "./StatusMark.module.css";

const MARKS = {
  pending: CircleDashed,
  running: LoaderCircle,
  completed: Check,
  failed: X,
  cancelled: Ban,
  unreported: CircleQuestionMark,
} as const;

export function StatusMark({ status }: { status: ToolStatus }) {
  const Icon = MARKS[status];
  return <Icon className={styles.mark} data-status={status} aria-hidden />;
}

// How far a tool call is, as an icon with its word.
import { Ban, Check, CircleDashed, LoaderCircle, X } from "lucide-react";
import type { ToolStatus } from "../../api/generated";
import styles from "./StatusMark.module.css";

const MARKS = {
  pending: CircleDashed,
  running: LoaderCircle,
  completed: Check,
  failed: X,
  cancelled: Ban,
} as const;

export function StatusMark({ status }: { status: ToolStatus }) {
  const Icon = MARKS[status];
  return <Icon className={styles.mark} data-status={status} aria-hidden />;
}

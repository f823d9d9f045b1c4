// A session's status as an icon, with its label for screen readers.
import { Check, Circle, CircleAlert, CircleDashed, CircleDot, CirclePause, CircleStop, FilePen, Hourglass, LoaderCircle } from "lucide-react";
import styles from "./StatusIcon.module.css";
import { type SessionStatus, STATUS_LABELS } from "./status";

const ICONS = {
  waiting: CircleDot,
  working: LoaderCircle,
  silent: Hourglass,
  queued: CircleDashed,
  failed: CircleAlert,
  interrupted: CirclePause,
  review: FilePen,
  stopped: CircleStop,
  done: Check,
  idle: Circle,
} as const;

export function StatusIcon({ doing, words = STATUS_LABELS[doing] }: { doing: SessionStatus; words?: string }) {
  const Icon = ICONS[doing];
  return (
    <span className={styles.mark} data-doing={doing} title={words}>
      <Icon aria-hidden />
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

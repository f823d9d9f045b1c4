// What a session is doing, as a mark with its word for screen readers.
import { Check, Circle, CircleAlert, CircleDashed, CircleDot, CirclePause, CircleStop, FilePen, Hourglass, LoaderCircle } from "lucide-react";
import styles from "./DoingMark.module.css";
import { type Doing, WORDS } from "./state";

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

export function DoingMark({ doing, words = WORDS[doing] }: { doing: Doing; words?: string }) {
  const Icon = ICONS[doing];
  return (
    <span className={styles.mark} data-doing={doing} title={words}>
      <Icon aria-hidden />
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

// The current activity of a running turn, and its duration.
import { useEffect, useState } from "react";
import { rowFetchedAt, useRunningSessions } from "../../shared/api/sessions";
import { SILENT_AFTER_S, silentLabel } from "../../shared/session/status";
import type { Message, Part, Turn } from "../../shared/stream/conversation";
import { duration } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import { useNow } from "../../shared/hooks/useNow";
import styles from "./Activity.module.css";

const PAUSE_S = 10; // shorter pauses are normal
const WAITS = "Waiting for you";

export function Activity({ message, turn }: { message: Message; turn: Turn | undefined }) {
  const now = useNow();
  const heard = useHeard(message);
  const since = turn?.startedAt ? now - turn.startedAt : 0;
  const what = whatNow(message.parts, turn?.progress ?? "");
  const pause = what === WAITS ? 0 : now - heard;
  return (
    <p className={styles.activity}>
      <span className={styles.pulse} data-silent={pause >= SILENT_AFTER_S || undefined} aria-hidden />
      <span>{what}</span>
      {since >= 1 && <span className={styles.time}>{duration(since)}</span>}
      {pause >= SILENT_AFTER_S && <span className={styles.silent}>{silentLabel(pause)}</span>}
      {pause >= PAUSE_S && pause < SILENT_AFTER_S && <span className={styles.time}>quiet for {duration(pause)}</span>}
    </p>
  );
}

/**
 * Time of the turn's last output, Unix time in seconds: from the stream if newer than the session's row, else from the
 * row. A page opened during a silence therefore does not count from its opening.
 */
function useHeard(message: Message): number {
  const { data: sessions } = useRunningSessions();
  const [changed, setChanged] = useState(() => Date.now() / 1000);
  useEffect(() => setChanged(Date.now() / 1000), [message]);
  const row = sessions?.find((one) => one.running_task_id === message.taskId);
  if (!row?.heard_at || changed > rowFetchedAt(row.id)) return changed;
  return Date.parse(row.heard_at) / 1000;
}

function whatNow(parts: readonly Part[], progress: string): string {
  const asked = parts.findLast((part) => (part.kind === "permission" || part.kind === "question") && part.frame.state === "asked");
  if (asked) return WAITS;
  const tool = parts.findLast((part) => part.kind === "tool_call" && part.frame.status === "running");
  if (tool?.kind === "tool_call") return visible(tool.frame.title || tool.frame.name).slice(0, 80);
  const last = parts.at(-1);
  if (progress) return visible(progress).slice(0, 120);
  if (last?.kind === "tool_call" && last.frame.status === "pending") {
    const { name, title } = last.frame;
    return (title && title !== name ? `Writing ${visible(title)}` : `Calling ${visible(name)}`).slice(0, 80);
  }
  if (last?.kind === "text") return "Writing";
  if (last?.kind === "reasoning") return "Thinking";
  return "Waiting for the model";
}

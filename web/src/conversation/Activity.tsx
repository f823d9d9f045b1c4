// What happens in a running turn just now, and for how long it has been.
import { useEffect, useState } from "react";
import { useSessions } from "../api/queries";
import { SILENT_S, silentWords } from "../sidebar/state";
import type { Message, Part, Turn } from "../stream/conversation";
import { duration } from "../text/times";
import { visible } from "../text/visible";
import { useNow } from "../ui/useNow";
import styles from "./Activity.module.css";

const PAUSE_S = 10; // shorter ones are the model's breath
const WAITS = "Waiting for you";

export function Activity({ message, turn }: { message: Message; turn: Turn | undefined }) {
  const now = useNow();
  const heard = useHeard(message);
  const since = turn?.startedAt ? now - turn.startedAt : 0;
  const what = whatNow(message.parts);
  const pause = what === WAITS ? 0 : now - heard;
  return (
    <p className={styles.activity}>
      <span className={styles.pulse} data-silent={pause >= SILENT_S || undefined} aria-hidden />
      <span>{what}</span>
      {since >= 1 && <span className={styles.time}>{duration(since)}</span>}
      {pause >= SILENT_S && <span className={styles.silent}>{silentWords(pause)}</span>}
      {pause >= PAUSE_S && pause < SILENT_S && <span className={styles.time}>quiet for {duration(pause)}</span>}
    </p>
  );
}

/**
 * When the turn said something last, Unix time in seconds: what came after the session's row was asked for counts, else
 * what the row says. So a page that is opened in the middle of a silence does not count from its opening.
 */
function useHeard(message: Message): number {
  const { data: sessions, dataUpdatedAt } = useSessions();
  const [changed, setChanged] = useState(() => Date.now() / 1000);
  useEffect(() => setChanged(Date.now() / 1000), [message]);
  const told = sessions?.find((one) => one.running_task_id === message.taskId)?.heard_at;
  if (!told || changed > dataUpdatedAt / 1000) return changed;
  return Date.parse(told) / 1000;
}

function whatNow(parts: readonly Part[]): string {
  const asked = parts.findLast((part) => (part.kind === "permission" || part.kind === "question") && part.frame.state === "asked");
  if (asked) return WAITS;
  const tool = parts.findLast((part) => part.kind === "tool_call" && part.frame.status === "running");
  if (tool?.kind === "tool_call") return visible(tool.frame.title || tool.frame.name).slice(0, 80);
  const last = parts.at(-1);
  if (last?.kind === "text") return "Writing";
  if (last?.kind === "reasoning") return "Thinking";
  return "Waiting for the model";
}

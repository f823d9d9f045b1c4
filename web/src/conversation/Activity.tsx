// What happens in a running turn just now, and for how long it has been.
import { useEffect, useState } from "react";
import type { Message, Part, Turn } from "../stream/conversation";
import { duration } from "../text/times";
import { visible } from "../text/visible";
import styles from "./Activity.module.css";

const SILENT_S = 10; // shorter pauses are the model's breath

export function Activity({ message, turn }: { message: Message; turn: Turn | undefined }) {
  const now = useNow();
  const [heard, setHeard] = useState(now);
  useEffect(() => setHeard(Date.now() / 1000), [message]);
  const since = turn?.startedAt ? now - turn.startedAt : 0;
  const silent = now - heard;
  return (
    <p className={styles.activity}>
      <span className={styles.pulse} aria-hidden />
      <span>{whatNow(message.parts)}</span>
      {since >= 1 && <span className={styles.time}>{duration(since)}</span>}
      {silent >= SILENT_S && <span className={styles.time}>silent for {duration(silent)}</span>}
    </p>
  );
}

function whatNow(parts: readonly Part[]): string {
  const asked = parts.findLast((part) => (part.kind === "permission" || part.kind === "question") && part.frame.state === "asked");
  if (asked) return "Waiting for you";
  const tool = parts.findLast((part) => part.kind === "tool_call" && part.frame.status === "running");
  if (tool?.kind === "tool_call") return visible(tool.frame.title || tool.frame.name).slice(0, 80);
  const last = parts.at(-1);
  if (last?.kind === "text") return "Writing";
  if (last?.kind === "reasoning") return "Thinking";
  return "Waiting for the model";
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

// What a session is doing, in one word. Pure.
import type { SessionOut } from "../api/generated";
import { age } from "../text/times";

export type Doing = "waiting" | "working" | "silent" | "queued" | "failed" | "interrupted" | "review" | "stopped" | "done" | "idle";

export const SILENT_S = 60; // shorter pauses are a model at work; the service tells of changes after the same time

/**
 * How long a running turn has said nothing, in seconds; 0 while it is not silent.
 *
 * Only a row that was asked for when the minute was over proves it: an older one does not know what was said since.
 *
 * @param askedAt when the row was asked for, Unix time in seconds.
 */
export function silence(session: SessionOut, askedAt: number, now: number): number {
  if (!session.running_task_id || !session.heard_at || session.open_requests > 0) return 0;
  const heard = Date.parse(session.heard_at) / 1000;
  return askedAt - heard >= SILENT_S ? Math.max(now, askedAt) - heard : 0;
}

/** The most pressing thing about a session, in the order in which a person should look. */
export function doing(session: SessionOut, askedAt = Date.now() / 1000): Doing {
  if (session.open_requests > 0) return "waiting";
  if (session.running_task_id) return silence(session, askedAt, askedAt) > 0 ? "silent" : "working";
  if (session.pending_tasks > 0) return "queued";
  if (session.last_task_state === "failed" || session.last_task_state === "timed_out") return "failed";
  if (session.last_task_state === "interrupted") return "interrupted";
  if (session.pending_change_id) return "review";
  if (session.last_task_state === "cancelled") return "stopped";
  return session.last_task_state ? "done" : "idle";
}

export const WORDS: Record<Doing, string> = {
  waiting: "waiting for you",
  working: "working",
  silent: "silent",
  queued: "queued",
  failed: "failed",
  interrupted: "interrupted",
  review: "change to review",
  stopped: "stopped",
  done: "done",
  idle: "new",
};

/** "silent for 2 min", in whole minutes so that it does not change all the time. */
export function silentWords(seconds: number): string {
  return `silent for ${age(new Date(0), new Date(seconds * 1000))}`;
}

// A session's status in one word.
import type { Session } from "../api/generated";
import { age } from "../text/times";

export type SessionStatus = "waiting" | "working" | "silent" | "queued" | "failed" | "interrupted" | "review" | "stopped" | "done" | "idle";

export const SILENT_AFTER_S = 60; // shorter pauses are normal for a model; the service uses the same limit

/**
 * How long a running turn has been silent, in seconds; 0 while it is not.
 *
 * Only a row fetched after that minute proves it: an older row does not know of later output.
 *
 * @param askedAt when the row was fetched, Unix time in seconds.
 */
export function silentSeconds(session: Session, askedAt: number, now: number): number {
  if (!session.running_task_id || !session.heard_at || session.open_requests > 0) return 0;
  const heard = Date.parse(session.heard_at) / 1000;
  return askedAt - heard >= SILENT_AFTER_S ? Math.max(now, askedAt) - heard : 0;
}

/** The most urgent state of a session. */
export function sessionStatus(session: Session, askedAt = Date.now() / 1000): SessionStatus {
  if (session.open_requests > 0) return "waiting";
  if (session.running_task_id) return silentSeconds(session, askedAt, askedAt) > 0 ? "silent" : "working";
  if (session.pending_tasks > 0) return "queued";
  if (session.last_task_state === "failed" || session.last_task_state === "timed_out") return "failed";
  if (session.last_task_state === "interrupted") return "interrupted";
  if (session.pending_change_id) return "review";
  if (session.last_task_state === "cancelled") return "stopped";
  return session.last_task_state ? "done" : "idle";
}

export const STATUS_LABELS: Record<SessionStatus, string> = {
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

/** "silent for 2 min", in whole minutes so that it rarely changes. */
export function silentLabel(seconds: number): string {
  return `silent for ${age(new Date(0), new Date(seconds * 1000))}`;
}

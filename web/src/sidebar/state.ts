// What a session is doing, in one word. Pure.
import type { SessionOut } from "../api/generated";

export type Doing = "waiting" | "working" | "queued" | "failed" | "interrupted" | "review" | "stopped" | "done" | "idle";

/** The most pressing thing about a session, in the order in which a person should look. */
export function doing(session: SessionOut): Doing {
  if (session.open_requests > 0) return "waiting";
  if (session.running_task_id) return "working";
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
  queued: "queued",
  failed: "failed",
  interrupted: "interrupted",
  review: "change to review",
  stopped: "stopped",
  done: "done",
  idle: "new",
};

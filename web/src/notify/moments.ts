// What happened between two lists of sessions that a person would want to be called for. Pure.
import type { SessionOut } from "../api/generated";

export type What = "waits" | "ended" | "failed";

export interface Moment {
  session: SessionOut;
  what: What;
  /** The same for all tabs that see it, so that one of them tells it. */
  key: string;
}

const FAILED = new Set(["failed", "timed_out", "interrupted"]);

/** Turns that ended, and requests that wait, since the list before. A turn that a person cancelled is no news. */
export function moments(before: readonly SessionOut[], now: readonly SessionOut[]): Moment[] {
  const known = new Map(before.map((one) => [one.id, one]));
  return now.flatMap((session) => {
    const earlier = known.get(session.id);
    const what = earlier && happened(earlier, session);
    return what ? [{ session, what, key: `${session.id} ${session.updated_at} ${what} ${session.open_requests}` }] : [];
  });
}

function happened(before: SessionOut, now: SessionOut): What | null {
  if (now.open_requests > before.open_requests) return "waits";
  const quick = before.last_task_id !== now.last_task_id; // a task that came and went between the two lists
  const worked = before.running_task_id !== null || before.pending_tasks > 0 || quick;
  const rests = now.running_task_id === null && now.pending_tasks === 0;
  if (!worked || !rests || now.last_task_state === null || now.last_task_state === "cancelled") return null;
  return FAILED.has(now.last_task_state) ? "failed" : "ended";
}

/** How many sessions wait for the person. */
export function waiting(sessions: readonly SessionOut[]): number {
  return sessions.filter((one) => one.open_requests > 0).length;
}

export const SAYS: Record<What, string> = {
  waits: "waits for your answer",
  ended: "is done",
  failed: "has failed",
};

// Events worth a notification between two versions of the session list.
import type { Session } from "../../shared/api/generated";

export type EventKind = "waits" | "ended" | "failed";

export interface SessionEvent {
  session: Session;
  what: EventKind;
  /** The same in all tabs, so that one of them notifies. */
  key: string;
}

const FAILED = new Set(["failed", "timed_out", "interrupted"]);

/** Ended turns and new requests since the previous list. A turn that a person stopped is no event. */
export function eventsBetween(before: readonly Session[], now: readonly Session[]): SessionEvent[] {
  const known = new Map(before.map((one) => [one.id, one]));
  return now.flatMap((session) => {
    const earlier = known.get(session.id);
    const what = earlier && happened(earlier, session);
    return what ? [{ session, what, key: `${session.id} ${session.updated_at} ${what} ${session.open_requests}` }] : [];
  });
}

function happened(before: Session, now: Session): EventKind | null {
  if (now.open_requests > before.open_requests) return "waits";
  const quick = before.last_task_id !== now.last_task_id; // a task that started and ended between the two lists
  const worked = before.running_task_id !== null || before.pending_tasks > 0 || quick;
  const rests = now.running_task_id === null && now.pending_tasks === 0;
  if (!worked || !rests || now.last_task_state === null || now.last_task_state === "cancelled") return null;
  return FAILED.has(now.last_task_state) ? "failed" : "ended";
}

export const EVENT_LABELS: Record<EventKind, string> = {
  waits: "waits for your answer",
  ended: "finished",
  failed: "failed",
};

// What the person has seen of each session, kept in this browser: a session is unread when its row moved since.
import { useEffect, useSyncExternalStore } from "react";
import type { SessionOut } from "../api/generated";
import { keptFields } from "../kept/kept";

const KEPT_MAX = 500;
const seen = keptFields<Record<string, string>>("boocoder.seen", {});

function see(session: SessionOut): void {
  if (seen.get()[session.id] === session.updated_at) return;
  const entries = Object.entries({ ...seen.get(), [session.id]: session.updated_at });
  seen.set(Object.fromEntries(entries.slice(-KEPT_MAX)));
}

/** Whether something ended or waits in a session that the person has not looked at since. */
export function useSeen(session: SessionOut, here: boolean): boolean {
  const last = useSyncExternalStore(seen.listen, () => seen.get()[session.id]);
  useEffect(() => {
    if (here && document.visibilityState === "visible") see(session);
  }, [here, session]);
  const settled = session.open_requests > 0 || session.running_task_id === null;
  return !here && settled && session.last_task_state !== null && (last ?? "") < session.updated_at;
}

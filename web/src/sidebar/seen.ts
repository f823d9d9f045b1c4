// What the person has seen of each session, kept in this browser: a session is unread when its row moved since.
import { useEffect, useSyncExternalStore } from "react";
import type { SessionOut } from "../api/generated";

const KEY = "boocoder.seen";
const KEPT_MAX = 500;
const listeners = new Set<() => void>();
let seen: Record<string, string> = read();

function read(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  seen = read();
  for (const listener of listeners) listener();
});

function see(session: SessionOut): void {
  if (seen[session.id] === session.updated_at) return;
  const entries = Object.entries({ ...seen, [session.id]: session.updated_at });
  seen = Object.fromEntries(entries.slice(-KEPT_MAX));
  localStorage.setItem(KEY, JSON.stringify(seen));
  for (const listener of listeners) listener();
}

/** Whether something ended or waits in a session that the person has not looked at since. */
export function useSeen(session: SessionOut, here: boolean): boolean {
  const last = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => seen[session.id],
  );
  useEffect(() => {
    if (here && document.visibilityState === "visible") see(session);
  }, [here, session]);
  const settled = session.open_requests > 0 || session.running_task_id === null;
  return !here && settled && session.last_task_state !== null && (last ?? "") < session.updated_at;
}

// Which sessions are offered before anything is typed. Pure.
import type { SessionOut } from "../api/generated";

const SHOWN = 5;

/** Those that wait for the person, then the ones that moved last. */
export function likely(sessions: readonly SessionOut[], here: string | null): SessionOut[] {
  const waits = (one: SessionOut) => Number(one.open_requests > 0);
  return sessions
    .filter((one) => one.id !== here)
    .sort((a, b) => waits(b) - waits(a) || b.updated_at.localeCompare(a.updated_at))
    .slice(0, SHOWN);
}

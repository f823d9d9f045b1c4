// The sessions offered before anything is typed.
import type { Session } from "../../shared/api/generated";

const SHOWN = 5;

/** Waiting sessions first, then the most recently changed. */
export function likely(sessions: readonly Session[], here: string | null): Session[] {
  const waits = (one: Session) => Number(one.open_requests > 0);
  return [...new Map(sessions.map((one) => [one.id, one])).values()]
    .filter((one) => one.id !== here)
    .sort((a, b) => waits(b) - waits(a) || b.updated_at.localeCompare(a.updated_at))
    .slice(0, SHOWN);
}

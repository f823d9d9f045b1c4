// Which session waits for the person after, or before, the one that is shown. Pure.
import type { SessionOut } from "../api/generated";

/** Round the list; null where no other session waits. */
export function otherWaiting(sessions: readonly SessionOut[], here: string | null, step: 1 | -1): SessionOut | null {
  const place = sessions.findIndex((one) => one.id === here);
  const start = place < 0 && step === -1 ? sessions.length : place;
  for (let walked = 1; walked <= sessions.length; walked++) {
    const one = sessions[(start + step * walked + sessions.length * 2) % sessions.length];
    if (one && one.id !== here && one.open_requests > 0) return one;
  }
  return null;
}

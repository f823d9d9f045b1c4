// The next or previous waiting session after the shown one.
import type { Session } from "../../shared/api/generated";

/** Wraps around; null if no other session waits. */
export function nextWaitingSession(sessions: readonly Session[], here: string | null, step: 1 | -1): Session | null {
  const place = sessions.findIndex((one) => one.id === here);
  const start = place < 0 && step === -1 ? sessions.length : place;
  for (let walked = 1; walked <= sessions.length; walked++) {
    const one = sessions[(start + step * walked + sessions.length * 2) % sessions.length];
    if (one && one.id !== here && one.open_requests > 0) return one;
  }
  return null;
}

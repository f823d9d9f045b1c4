// What a session is doing now; while its turn runs, the silence counts on by itself.
import type { SessionOut } from "../api/generated";
import { sessionsAskedAt } from "../api/queries";
import { useNow } from "../ui/useNow";
import { type Doing, doing, silence, silentWords, WORDS } from "./state";

export interface DoingNow {
  state: Doing;
  /** Seconds without a word; 0 while it is not silent. */
  silentS: number;
  words: string;
}

/** @param session a row of the list of open sessions; without one nothing is known. */
export function useDoing(session: SessionOut | undefined): DoingNow {
  const now = useNow(!!session?.running_task_id);
  const askedAt = sessionsAskedAt();
  if (!session) return { state: "idle", silentS: 0, words: "" };
  const state = doing(session, askedAt);
  const silentS = silence(session, askedAt, now);
  return { state, silentS, words: silentS > 0 ? silentWords(silentS) : WORDS[state] };
}

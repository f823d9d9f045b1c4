// A session's status, live: while a turn is silent, the duration keeps counting.
import type { Session } from "../api/generated";
import { rowFetchedAt } from "../api/sessions";
import { useNow } from "../hooks/useNow";
import { type SessionStatus, sessionStatus, silentSeconds, silentLabel, STATUS_LABELS } from "./status";

export interface LiveStatus {
  state: SessionStatus;
  /** Seconds of silence; 0 while it is not silent. */
  silentS: number;
  words: string;
}

/** @param session a row of a list of sessions; undefined gives "idle" without a label. */
export function useSessionStatus(session: Session | undefined): LiveStatus {
  const now = useNow(!!session?.running_task_id);
  const askedAt = session ? rowFetchedAt(session.id) : 0;
  if (!session) return { state: "idle", silentS: 0, words: "" };
  const state = sessionStatus(session, askedAt);
  const silentS = silentSeconds(session, askedAt, now);
  return { state, silentS, words: silentS > 0 ? silentLabel(silentS) : STATUS_LABELS[state] };
}

// Actions on a session as a whole.
import { call } from "./client";
import type { SessionPatch } from "./generated";
import { updateWords } from "../session/updateWords";
import { showError, showToast } from "../ui/Toasts";
import { useAction } from "./queries";

const REFRESH = ["sessions", "session"] as const;

/** Rename, archive or reopen a session. */
export function usePatchSession(sessionId: string) {
  return useAction((body: SessionPatch) => call("PATCH /api/sessions/{session_id}", { path: { session_id: sessionId }, body }), REFRESH);
}

/** Pin the session's files whatever their age, or leave them to clean-up. */
export function usePin(sessionId: string) {
  return useAction(
    (pinned: boolean) => call(`POST /api/sessions/{session_id}/worktree/${pinned ? "pin" : "unpin"}`, { path: { session_id: sessionId } }),
    REFRESH,
  );
}

/** Start a chat with a fresh context on the same files. */
export function useNewChat(sessionId: string) {
  return useAction(() => call("POST /api/sessions/{session_id}/chats", { path: { session_id: sessionId } }), ["chats"]);
}

/** Rewind the files to a snapshot, or to before the newest turns. */
export function useRewind(sessionId: string) {
  return useAction(
    (to: { snapshot_id: string } | { turns: number }) =>
      call("POST /api/sessions/{session_id}/rewind", { path: { session_id: sessionId }, body: to }),
    ["review", "snapshots", ...REFRESH],
  );
}

/** Bring the files onto the newest commit of the session's branch. */
export function useUpdate(sessionId: string) {
  const update = useAction(
    () => call("POST /api/sessions/{session_id}/worktree/update", { path: { session_id: sessionId } }),
    ["review", "snapshots", "changes", "queue", ...REFRESH],
  );
  return () => update.mutate(undefined, { onSuccess: (done) => showToast(updateWords(done)), onError: showError });
}

/** Fork a session from the files of a snapshot; null: from the files as they are now. */
export function useFork(sessionId: string) {
  return useAction(
    (snapshotId: string | null) =>
      call("POST /api/sessions/{session_id}/fork", { path: { session_id: sessionId }, body: { snapshot_id: snapshotId } }),
    ["sessions"],
  );
}

/** Delete sessions for good: these alone, so that a fork that nobody has seen keeps its parent; forks stand first. */
export function useDeleteSessions() {
  return useAction(async (sessionIds: readonly string[]) => {
    for (const id of sessionIds) await call("DELETE /api/sessions/{session_id}", { path: { session_id: id } });
    return sessionIds;
  }, ["sessions", "tasks"]);
}

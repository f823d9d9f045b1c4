// What a person does with one session as a whole.
import { call } from "./client";
import type { SessionPatch } from "./generated";
import { useAction } from "./queries";

const REFRESH = ["sessions", "session"] as const;

/** Give it another name, archive it or open it again. */
export function usePatchSession(sessionId: string) {
  return useAction((body: SessionPatch) => call("PATCH /api/sessions/{session_id}", { path: { session_id: sessionId }, body }), REFRESH);
}

/** Keep the session's files whatever their age, or leave them to the service. */
export function usePin(sessionId: string) {
  return useAction(
    (pinned: boolean) => call(`POST /api/sessions/{session_id}/worktree/${pinned ? "pin" : "unpin"}`, { path: { session_id: sessionId } }),
    REFRESH,
  );
}

/** Begin a chat with a fresh context over the same files. */
export function useNewChat(sessionId: string) {
  return useAction(() => call("POST /api/sessions/{session_id}/chats", { path: { session_id: sessionId } }), ["chats"]);
}

/** Set its files back: to a snapshot, or to before its newest turns. */
export function useRewind(sessionId: string) {
  return useAction(
    (to: { snapshot_id: string } | { turns: number }) =>
      call("POST /api/sessions/{session_id}/rewind", { path: { session_id: sessionId }, body: to }),
    ["review", "snapshots", ...REFRESH],
  );
}

/** Another session that begins with the files of a snapshot; null: as they are now. */
export function useFork(sessionId: string) {
  return useAction(
    (snapshotId: string | null) =>
      call("POST /api/sessions/{session_id}/fork", { path: { session_id: sessionId }, body: { snapshot_id: snapshotId } }),
    ["sessions"],
  );
}

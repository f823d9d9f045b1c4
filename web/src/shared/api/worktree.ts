// The worktree of a session.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { WorktreeInfo } from "./generated";

const MISSING_MS = 3_000; // asked while the first turn was making it: the frames that tell of the turn may be past

/** The session's worktree, removed or not; undefined before its first turn. */
export function useWorktree(sessionId: string): WorktreeInfo | undefined {
  const { data } = useQuery({
    queryKey: ["snapshots", sessionId, "worktree"],
    queryFn: ({ signal }) => call("GET /api/worktrees", { query: { gone: true, session_id: sessionId } }, { signal }),
    refetchInterval: ({ state }) => (state.data?.length === 0 ? MISSING_MS : false),
  });
  return data?.[0];
}

/** Whether its files were removed after a snapshot. */
export function isAway(worktree: WorktreeInfo | undefined): boolean {
  return worktree?.state === "gone" || worktree?.state === "removing";
}

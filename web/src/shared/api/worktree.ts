// The worktree of a session.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { WorktreeInfo } from "./generated";

/** The session's worktree, removed or not; undefined before its first turn. */
export function useWorktree(sessionId: string): WorktreeInfo | undefined {
  const { data } = useQuery({
    queryKey: ["snapshots", sessionId, "worktree"],
    queryFn: ({ signal }) => call("GET /api/worktrees", { query: { gone: true, session_id: sessionId } }, { signal }),
  });
  return data?.[0];
}

/** Whether its files were removed after a snapshot. */
export function isAway(worktree: WorktreeInfo | undefined): boolean {
  return worktree?.state === "gone" || worktree?.state === "removing";
}

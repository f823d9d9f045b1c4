// Where a session's files are.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { WorktreeOut } from "./generated";

/** The session's worktree, put away or not; undefined before its first turn. */
export function useWorktree(sessionId: string): WorktreeOut | undefined {
  const { data } = useQuery({
    queryKey: ["snapshots", sessionId, "worktree"],
    queryFn: ({ signal }) => call("GET /api/worktrees", { query: { gone: true, session_id: sessionId } }, { signal }),
  });
  return data?.[0];
}

/** Whether its files were put away; a snapshot has them. */
export function isAway(worktree: WorktreeOut | undefined): boolean {
  return worktree?.state === "gone" || worktree?.state === "removing";
}

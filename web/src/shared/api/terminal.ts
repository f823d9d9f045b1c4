// Whether the service offers a terminal.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { useWorktree } from "./worktree";

/** True also if it cannot open now: the terminal itself reports why. Without a worktree no request is made. */
export function useHasTerminal(sessionId: string): boolean {
  const worktree = useWorktree(sessionId);
  const { data } = useQuery({
    enabled: worktree !== undefined,
    queryKey: ["terminal", sessionId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/terminal", { path: { session_id: sessionId } }, { signal }),
    staleTime: Infinity,
  });
  return data?.offered ?? false;
}

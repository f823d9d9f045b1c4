// Whether the service offers terminals.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { useWorktree } from "./worktree";

/** True also where one cannot be opened now: the terminal itself says why. Without a worktree nothing is asked. */
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

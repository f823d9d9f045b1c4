// Whether the service offers terminals.
import { useQuery } from "@tanstack/react-query";
import { call, Problem } from "./client";

/** True also where one cannot be opened now: the terminal itself says why. */
export function useHasTerminal(sessionId: string): boolean {
  const { data, error } = useQuery({
    queryKey: ["terminal", sessionId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/terminal", { path: { session_id: sessionId } }, { signal }),
    retry: false,
    staleTime: Infinity,
  });
  return data !== undefined || (error instanceof Problem && error.status === 409 && error.code !== "terminal_off");
}

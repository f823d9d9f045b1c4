// Whether the service offers terminals.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";

/** True also where one cannot be opened now: the terminal itself says why. */
export function useHasTerminal(sessionId: string): boolean {
  const { data } = useQuery({
    queryKey: ["terminal", sessionId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/terminal", { path: { session_id: sessionId } }, { signal }),
    staleTime: Infinity,
  });
  return data?.offered ?? false;
}

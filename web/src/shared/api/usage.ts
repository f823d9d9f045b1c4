// Tokens and cost of turns.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";

const ALWAYS = 3_660; // days; the service's limit

/** Totals over all turns of a session. */
export function useSessionUsage(sessionId: string) {
  const { data } = useQuery({
    queryKey: ["session", sessionId, "usage"],
    queryFn: ({ signal }) => call("GET /api/usage", { query: { days: ALWAYS, session_id: sessionId } }, { signal }),
  });
  return data?.find((sum) => sum.kind === "total");
}

export function useUsage(days: number) {
  return useQuery({ queryKey: ["tasks", "usage", days], queryFn: ({ signal }) => call("GET /api/usage", { query: { days } }, { signal }) });
}

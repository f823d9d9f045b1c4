// Tokens and cost of turns.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";

export function useUsage(days: number) {
  return useQuery({ queryKey: ["tasks", "usage", days], queryFn: ({ signal }) => call("GET /api/usage", { query: { days } }, { signal }) });
}

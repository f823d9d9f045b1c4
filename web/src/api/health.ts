// Which service this is.
import { useQuery } from "@tanstack/react-query";
import { call } from "./client";

export function useHealth() {
  return useQuery({ queryKey: ["health"], queryFn: ({ signal }) => call("GET /api/health", {}, { signal }) });
}

// Which service this is, and whether it is still the one that this page came from.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { call } from "./client";

export function useHealth() {
  return useQuery({ queryKey: ["health"], queryFn: ({ signal }) => call("GET /api/health", {}, { signal }) });
}

/** The version that the service had when this page was loaded, and the one that it has now. */
export function useServiceVersion(): { mine: string | undefined; now: string | undefined } {
  const now = useHealth().data?.version;
  const mine = useRef<string>(undefined);
  mine.current ??= now;
  return { mine: mine.current, now };
}

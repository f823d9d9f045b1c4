// The service's health, and whether it still has the version that this page was loaded from.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { call } from "./client";

export function useHealth() {
  return useQuery({ queryKey: ["health"], queryFn: ({ signal }) => call("GET /api/health", {}, { signal }) });
}

/** The service's version when this page was loaded, and its version now. */
export function useServiceVersion(): { mine: string | undefined; now: string | undefined } {
  const now = useHealth().data?.version;
  const mine = useRef<string>(undefined);
  mine.current ??= now;
  return { mine: mine.current, now };
}

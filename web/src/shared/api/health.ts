// The service's health, and whether it still has the version that this page was loaded from.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { call } from "./client";

export function useHealth() {
  return useQuery({ queryKey: ["health"], queryFn: ({ signal }) => call("GET /api/health", {}, { signal }) });
}

/** The version that the service wrote into this document, which may have been kept since. */
function versionOfPage(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[name="boocoder-version"]')?.content || undefined;
}

/** This page's version, and the service's now; both are undefined until the service has answered. */
export function useServiceVersion(): { mine: string | undefined; now: string | undefined } {
  const now = useHealth().data?.version;
  const mine = useRef<string>(undefined);
  mine.current ??= now && (versionOfPage() ?? now); // the development server writes none
  return { mine: now && mine.current, now };
}

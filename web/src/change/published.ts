// What the newest publishing came to. It is kept apart, because a change that was published takes its own panel away.
import { useSyncExternalStore } from "react";
import type { PublishedOut } from "../api/generated";

const listeners = new Set<() => void>();
let newest: PublishedOut | null = null;

/** Show it; null when it was read. */
export function tellPublished(published: PublishedOut | null): void {
  newest = published;
  for (const listener of listeners) listener();
}

export function usePublished(): PublishedOut | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => newest,
  );
}

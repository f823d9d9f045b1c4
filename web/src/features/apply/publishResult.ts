// The result of the last publish, kept apart because publishing a change removes its panel.
import { useSyncExternalStore } from "react";
import type { PublishedBranch } from "../../shared/api/generated";

const listeners = new Set<() => void>();
let newest: PublishedBranch | null = null;

/** Show a result; null once it is dismissed. */
export function setPublishResult(published: PublishedBranch | null): void {
  newest = published;
  for (const listener of listeners) listener();
}

export function usePublishResult(): PublishedBranch | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => newest,
  );
}

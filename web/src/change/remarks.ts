// Comments that are being written: kept while their lines are scrolled away or the agent changes the file.
import { useSyncExternalStore } from "react";

export interface Remark {
  first: number;
  last: number;
  side: "old" | "new";
  text: string;
}

const remarks = new Map<string, Remark>();
const listeners = new Set<() => void>();

export function setRemark(key: string, remark: Remark | null): void {
  if (remark) remarks.set(key, remark);
  else remarks.delete(key);
  for (const listener of listeners) listener();
}

/** The comment that is being written on a file. */
export function useRemark(key: string): Remark | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => remarks.get(key) ?? null,
  );
}

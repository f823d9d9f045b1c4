// How differences are shown: inline or side by side, wrapped or not. Kept in this browser.
import { useSyncExternalStore } from "react";

export interface DiffViewChoice {
  layout: "inline" | "split";
  wrap: boolean;
}

const KEY = "boocoder.diff";
const listeners = new Set<() => void>();
let choice: DiffViewChoice = read();

function read(): DiffViewChoice {
  try {
    return { layout: "inline", wrap: true, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<DiffViewChoice>) };
  } catch {
    return { layout: "inline", wrap: true };
  }
}

export function setDiffView(next: Partial<DiffViewChoice>): void {
  choice = { ...choice, ...next };
  localStorage.setItem(KEY, JSON.stringify(choice));
  for (const listener of listeners) listener();
}

export function useDiffView(): DiffViewChoice {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => choice,
  );
}

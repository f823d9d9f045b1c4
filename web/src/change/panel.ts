// What stands beside the conversation: whether it is shown, with which tab, and which of its dialogs is open. The
// page, the panel and the palette all move it. Whether it is shown on a wide screen is kept in this browser.
import { useSyncExternalStore } from "react";

export type Tab = "change" | "history" | "terminal";

export interface Panel {
  shown: boolean;
  tab: Tab;
  asks: "apply" | "publish" | null;
}

const KEY = "boocoder.change.shown";
const WIDE_PX = 1_000; // narrower, the panel covers the conversation
const listeners = new Set<() => void>();
let panel: Panel = begin();

function begin(): Panel {
  return { shown: innerWidth > WIDE_PX && localStorage.getItem(KEY) !== "no", tab: "change", asks: null };
}

export function setPanel(next: Partial<Panel>): void {
  panel = { ...panel, ...next };
  if (next.shown !== undefined && innerWidth > WIDE_PX) localStorage.setItem(KEY, next.shown ? "yes" : "no");
  for (const listener of listeners) listener();
}

/** As it is when a session is opened. */
export function resetPanel(): void {
  setPanel({ ...begin() });
}

export function usePanel(): Panel {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => panel,
  );
}

// The panel beside the conversation: whether it is shown, its tab, and its open dialog. Set by the page, the panel and
// the palette. Whether it is shown on a wide screen is stored in this browser.
import { useSyncExternalStore } from "react";

export type Tab = "change" | "history" | "terminal";

export interface Panel {
  shown: boolean;
  /** Covers the conversation. */
  whole: boolean;
  tab: Tab;
  dialog: "apply" | "publish" | "undo" | null;
}

const KEY = "boocoder.change.shown";
const WIDE_PX = 1_000; // on narrower screens the panel covers the conversation
const listeners = new Set<() => void>();
let panel: Panel = begin();

function begin(): Panel {
  return { shown: innerWidth > WIDE_PX && localStorage.getItem(KEY) !== "no", whole: false, tab: "change", dialog: null };
}

export function setPanel(next: Partial<Panel>, { remembered = true } = {}): void {
  panel = { ...panel, ...next };
  if (remembered && next.shown !== undefined && innerWidth > WIDE_PX) localStorage.setItem(KEY, next.shown ? "yes" : "no");
  for (const listener of listeners) listener();
}

/** Reset it for a newly opened session, or for another one of two: beside a session it is shown only when asked for. */
export function resetPanel(split: boolean): void {
  setPanel({ ...begin(), ...(split && { shown: false }) }, { remembered: !split });
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

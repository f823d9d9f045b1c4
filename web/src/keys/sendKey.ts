// Which key sends: Enter alone, or Enter with Ctrl (on a Mac, Command). Kept in this browser.
import { useSyncExternalStore } from "react";

export type SendKey = "enter" | "mod+enter";

const KEY = "boocoder.send";
const listeners = new Set<() => void>();

export function sendKey(): SendKey {
  return localStorage.getItem(KEY) === "mod+enter" ? "mod+enter" : "enter";
}

export function setSendKey(key: SendKey): void {
  localStorage.setItem(KEY, key);
  for (const listener of listeners) listener();
}

export function useSendKey(): SendKey {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, sendKey);
}

interface Pressed {
  key: string;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** Whether this key sends now. Enter with Ctrl or Command always does. */
export function sends(event: Pressed, chosen: SendKey = sendKey()): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return event.ctrlKey || event.metaKey || chosen === "enter";
}

// The one list of the page's shortcuts. A plain key never fires while somebody types.
import { useEffect, useRef } from "react";

export interface Shortcut {
  /** Such as "n", "?", or "mod+k"; mod is Ctrl, on a Mac Command. */
  key: string;
  what: string;
}

export const SHORTCUTS = {
  newSession: { key: "n", what: "New session" },
  palette: { key: "mod+k", what: "Search and commands" },
  search: { key: "/", what: "Search all sessions" },
  help: { key: "?", what: "This list" },
  board: { key: "t", what: "Tasks" },
  agents: { key: "g", what: "Agents" },
  compose: { key: "i", what: "Write to the agent" },
  change: { key: "d", what: "Show or hide the change" },
} as const satisfies Record<string, Shortcut>;

/** Keys that a part of the page handles itself; listed for the sheet. */
export const OTHERS: readonly Shortcut[] = [
  { key: "Enter", what: "Send" },
  { key: "Shift+Enter", what: "New line" },
  { key: "Esc Esc", what: "Stop the turn" },
  { key: "j, k", what: "Next, previous part of the change" },
  { key: "y, n, u", what: "Accept, reject, reopen the part" },
  { key: "c", what: "Comment on the part" },
  { key: "a, s, r", what: "Allow once, allow for the session, refuse" },
];

const MAC = navigator.platform.startsWith("Mac");

/** As it is printed on this machine's keyboard. */
export function keyName(key: string): string {
  return key.replace("mod+", MAC ? "⌘" : "Ctrl ").replace(/(^|[ ⌘])(\w)$/, (found) => found.toUpperCase());
}

/** Call `action` when the shortcut is pressed, for as long as the component is there. */
export function useShortcut(shortcut: Shortcut, action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !matches(shortcut.key, event)) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [shortcut.key]);
}

function matches(key: string, event: KeyboardEvent): boolean {
  const mod = MAC ? event.metaKey : event.ctrlKey;
  if (key.startsWith("mod+")) return mod && !event.altKey && event.key.toLowerCase() === key.slice(4);
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return false;
  return event.key === key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[data-unit]")) return true; // a part of the change has keys of its own
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

// The one list of the page's shortcuts. A plain key never fires while somebody types or answers a dialog.
import { useEffect, useRef } from "react";

interface Shortcut {
  /** Such as "n", "?", "shift+w" or "mod+k"; mod is Ctrl, on a Mac Command. */
  key: string;
  what: string;
}

export const SHORTCUTS = {
  palette: { key: "mod+k", what: "Search and commands" },
  newSession: { key: "n", what: "New session" },
  search: { key: "/", what: "Search all sessions" },
  nextWaiting: { key: "w", what: "Next session that waits for you" },
  previousWaiting: { key: "shift+w", what: "Previous session that waits for you" },
  board: { key: "t", what: "Tasks" },
  agents: { key: "g", what: "Agents" },
  settings: { key: ",", what: "Settings" },
  help: { key: "?", what: "Keyboard shortcuts" },
  compose: { key: "i", what: "Write to the agent" },
  change: { key: "d", what: "Show or hide the change" },
} as const satisfies Record<string, Shortcut>;

/** Keys that a part of the page handles itself. */
export const STOP: Shortcut = { key: "Esc Esc", what: "Stop the turn" };
const { compose, change, ...everywhere } = SHORTCUTS;

/** All of them, by where they work: the sheet and docs/web.md show these. */
export const SHEET: readonly { where: string; shortcuts: readonly Shortcut[] }[] = [
  { where: "Everywhere", shortcuts: Object.values(everywhere) },
  {
    where: "In a session",
    shortcuts: [compose, { key: "Enter", what: "Send" }, { key: "Shift+Enter", what: "New line" }, STOP, change],
  },
  {
    where: "In the change",
    shortcuts: [
      { key: "j, k", what: "Next, previous part" },
      { key: "y, n, u", what: "Accept, reject, reopen the part" },
      { key: "c", what: "Comment on the part" },
      { key: "Arrows, *", what: "Walk, fold and open the file tree; letters go to a name" },
    ],
  },
  { where: "When an agent asks", shortcuts: [{ key: "a, s, r", what: "Allow once, allow for the session, refuse" }] },
];

const MAC = navigator.platform.startsWith("Mac");

/** As it is printed on this machine's keyboard. */
export function keyName(key: string, mac = MAC): string {
  return key
    .replace("mod+", mac ? "⌘" : "Ctrl ")
    .replace("shift+", "Shift ")
    .replace(/(?<!\w)[a-z](?!\w)/g, (letter) => letter.toUpperCase());
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
  if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return false;
  if (key.startsWith("shift+")) return event.shiftKey && event.key.toLowerCase() === key.slice(6);
  return event.key === key;
}

const OWN_KEYS = "[data-unit], [role=dialog], [role=alertdialog], [role=menu], [role=listbox], [role=tree]";

/** Whether plain keys belong to what has the keyboard. */
function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest(OWN_KEYS)) return true;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

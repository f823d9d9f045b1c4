// All shortcuts of the page. A plain key does nothing while typing or in a dialog.
import { useEffect, useRef } from "react";
import { useActivePane } from "./activePane";

interface Shortcut {
  /** For example "n", "?", "shift+w" or "mod+k"; mod is Ctrl, or Command on a Mac. */
  key: string;
  what: string;
}

export const SHORTCUTS = {
  palette: { key: "mod+k", what: "Search and commands" },
  newSession: { key: "n", what: "New session" },
  search: { key: "/", what: "Search all sessions" },
  nextWaiting: { key: "w", what: "Next waiting session" },
  previousWaiting: { key: "shift+w", what: "Previous waiting session" },
  board: { key: "t", what: "Tasks" },
  agents: { key: "g", what: "Agents" },
  settings: { key: ",", what: "Settings" },
  help: { key: "?", what: "Keyboard shortcuts" },
  otherPane: { key: "o", what: "The other of two sessions" },
  compose: { key: "i", what: "Write to the agent" },
  request: { key: "mod+.", what: "Go to the open request" },
  change: { key: "d", what: "Show or hide the change" },
  wholeChange: { key: "shift+d", what: "The change on the whole screen" },
  undoApply: { key: "shift+z", what: "Undo the last apply" },
} as const satisfies Record<string, Shortcut>;

/** Handled by the composer. */
export const STEER: Shortcut = { key: "mod+Enter", what: "Send now, to the running turn" };
/** Handled by the stop button itself. */
export const STOP: Shortcut = { key: "Esc Esc", what: "Stop the turn" };
const { otherPane, compose, request, change, wholeChange, undoApply, ...everywhere } = SHORTCUTS;

/** All shortcuts by place, for the sheet and docs/web.md. */
export const SHEET: readonly { where: string; shortcuts: readonly Shortcut[] }[] = [
  { where: "Everywhere", shortcuts: Object.values(everywhere) },
  {
    where: "In a session",
    shortcuts: [compose, { key: "Enter", what: "Send" }, STEER, { key: "Shift+Enter", what: "New line" }, STOP, change, wholeChange, undoApply, otherPane],
  },
  {
    where: "In the change",
    shortcuts: [
      { key: "j, k", what: "Next, previous part" },
      { key: "y, n, u", what: "Accept, reject, reopen the part" },
      { key: "c", what: "Comment on the part" },
      { key: "s, l, m", what: "Split the part, select lines of it, join parts" },
      { key: "e", what: "Edit the part before accepting it" },
      { key: "Arrows, *", what: "Navigate the file tree; letters jump to a name" },
    ],
  },
  { where: "When an agent asks", shortcuts: [request, { key: "a, s, r", what: "Allow once, allow for the session, refuse, in the request" }] },
];

const MAC = navigator.platform.startsWith("Mac");

/** The key as printed on this machine's keyboard. */
export function keyName(key: string, mac = MAC): string {
  return key
    .replace("mod+", mac ? "⌘" : "Ctrl ")
    .replace("shift+", "Shift ")
    .replace(/(?<!\w)[a-z](?!\w)/g, (letter) => letter.toUpperCase());
}

/** Call `action` when the shortcut is pressed while the component is mounted in the part of the page that is in use. */
export function useShortcut(shortcut: Shortcut, action: () => void): void {
  const active = useActivePane();
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    if (!active) return undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !matches(shortcut.key, event)) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [shortcut.key, active]);
}

function matches(key: string, event: KeyboardEvent): boolean {
  const mod = MAC ? event.metaKey : event.ctrlKey;
  if (key.startsWith("mod+")) return mod && !event.altKey && event.key.toLowerCase() === key.slice(4);
  if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return false;
  if (key.startsWith("shift+")) return event.shiftKey && event.key.toLowerCase() === key.slice(6);
  return event.key === key;
}

const OWN_KEYS = "[data-unit], [data-request], [role=dialog], [role=alertdialog], [role=menu], [role=listbox], [role=tree]";

/** Whether the focused element uses plain keys itself. */
function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest(OWN_KEYS)) return true;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

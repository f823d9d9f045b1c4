// Which key sends: Enter, or Ctrl Enter (Command on a Mac). Stored in this browser.
import { PersistedState, usePersisted } from "../storage/persistedState";

export type SendKey = "enter" | "mod+enter";

const kept = new PersistedState<SendKey>("boocoder.send", (text) => (text === "mod+enter" ? text : "enter"), "enter", String);

export function sendKey(): SendKey {
  return kept.get();
}

export function setSendKey(key: SendKey): void {
  kept.set(key);
}

export function useSendKey(): SendKey {
  return usePersisted(kept);
}

interface Pressed {
  key: string;
  shiftKey: boolean;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
}

/** Whether this key press gives the message to the running turn: Enter with Ctrl or Command, and Shift where that sends. */
export function steers(event: Pressed, chosen: SendKey = sendKey()): boolean {
  const held = (event.ctrlKey || event.metaKey) && !event.altKey;
  return event.key === "Enter" && held && event.shiftKey === (chosen === "mod+enter");
}

/** Whether this key press sends. Enter with Ctrl or Command always does. */
export function sends(event: Pressed, chosen: SendKey = sendKey()): boolean {
  if (event.key !== "Enter" || event.shiftKey || event.altKey) return false;
  return event.ctrlKey || event.metaKey || chosen === "enter";
}

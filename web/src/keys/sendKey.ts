// Which key sends: Enter alone, or Enter with Ctrl (on a Mac, Command). Kept in this browser.
import { Kept } from "../kept/kept";

export type SendKey = "enter" | "mod+enter";

const kept = new Kept<SendKey>("boocoder.send", (text) => (text === "mod+enter" ? text : "enter"), "enter", String);

export function sendKey(): SendKey {
  return kept.get();
}

export function setSendKey(key: SendKey): void {
  kept.set(key);
}

export function useSendKey(): SendKey {
  return kept.use();
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

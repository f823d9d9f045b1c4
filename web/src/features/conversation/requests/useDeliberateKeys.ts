// Keys of a request card that only act when they are meant for it: never in the card's first second, never while typing.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";

export const SETTLE_MS = 1_000; // after a card appeared: keys and clicks on their way to something else are over
const PAUSE_MS = 500; // a key that follows another one sooner is typing

/** Whether the card has been there long enough to be answered. */
export function useSettled(): boolean {
  const [settled, settle] = useState(false);
  useEffect(() => {
    const timer = setTimeout(settle, SETTLE_MS, true);
    return () => clearTimeout(timer);
  }, []);
  return settled;
}

/**
 * A key handler for the card, which gets events only while it has the focus.
 *
 * @param actions by key.
 */
export function useDeliberateKeys(settled: boolean, actions: Readonly<Record<string, () => void>>) {
  const lastKeyAt = useRef(0);
  useEffect(() => {
    const seen = (event: globalThis.KeyboardEvent) => {
      // Runs after the card's own handler: the time of the key before the current one counts there.
      if (!PAUSES.has(event.key) && !event.ctrlKey && !event.metaKey) lastKeyAt.current = performance.now();
    };
    addEventListener("keydown", seen);
    return () => removeEventListener("keydown", seen);
  }, []);
  return (event: KeyboardEvent) => {
    const action = actions[event.key];
    const typing = event.target instanceof HTMLInputElement || event.repeat;
    if (!action || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); // a letter must not run a shortcut of the page either
    if (settled && performance.now() - lastKeyAt.current >= PAUSE_MS) action();
  };
}

const PAUSES = new Set(["Shift", "Control", "Alt", "Meta", "Tab"]); // they lead to the card, or to a capital

// How the person wants to be called when the page is not in view. Kept in this browser.
import { useSyncExternalStore } from "react";

export interface NotifyChoice {
  desktop: boolean;
  sound: boolean;
}

const KEY = "boocoder.notify";
const NOTHING: NotifyChoice = { desktop: false, sound: false };
const listeners = new Set<() => void>();
let choice = read();

function read(): NotifyChoice {
  try {
    return { ...NOTHING, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<NotifyChoice>) };
  } catch {
    return NOTHING;
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}

addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  choice = read();
  tell();
});

export function setNotify(next: Partial<NotifyChoice>): void {
  choice = { ...choice, ...next };
  localStorage.setItem(KEY, JSON.stringify(choice));
  tell();
}

export function notifyChoice(): NotifyChoice {
  return choice;
}

export function useNotify(): NotifyChoice {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, notifyChoice);
}

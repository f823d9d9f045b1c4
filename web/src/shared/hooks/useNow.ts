// The current time in seconds, from one clock that ticks once a second for all users.
import { useSyncExternalStore } from "react";

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = 0;

function tick(): void {
  now = Date.now() / 1000;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now() / 1000;
    timer = setInterval(tick, TICK_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

const still = () => () => undefined;
const read = () => (listeners.size > 0 ? now : (now ||= Date.now() / 1000));

/** Unix time in seconds, live while `ticking`. */
export function useNow(ticking = true): number {
  return useSyncExternalStore(ticking ? listen : still, read);
}

// Decisions that wait a few seconds before they are sent, so that they can be undone. Leaving the page sends nothing.
import { useSyncExternalStore } from "react";

export const HOLD_MS = 5_000;

interface HeldDecision {
  timer: ReturnType<typeof setTimeout>;
  /** When it is sent, Unix time in milliseconds. */
  due: number;
}

const held = new Map<string, HeldDecision>();
const listeners = new Set<() => void>();

/** Send a request's decision after `HOLD_MS`, unless it is undone before. */
export function holdDecision(requestId: string, send: () => void): void {
  undoDecision(requestId);
  const timer = setTimeout(() => {
    forget(requestId);
    send();
  }, HOLD_MS);
  held.set(requestId, { timer, due: Date.now() + HOLD_MS });
  notify();
}

export function undoDecision(requestId: string): void {
  clearTimeout(held.get(requestId)?.timer);
  forget(requestId);
}

/** When a request's held decision is sent, Unix time in milliseconds; null if none is held. */
export function useHeldDecision(requestId: string): number | null {
  return useSyncExternalStore(listen, () => held.get(requestId)?.due ?? null);
}

function forget(requestId: string): void {
  if (held.delete(requestId)) notify();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function notify(): void {
  for (const listener of listeners) listener();
}

// Delays a changing value until it has stayed the same for a while, so that fast typing makes one request.
import { useEffect, useState } from "react";

const PAUSE_MS = 60;

/** The value as it was before the last pause; null is passed on at once. */
export function useDebounced<T extends string | null>(value: T, pauseMs = PAUSE_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return value === null ? value : settled;
}

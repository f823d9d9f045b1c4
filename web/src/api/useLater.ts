// Waits until somebody has stopped typing for a moment, so that letters that come quickly are asked for together.
import { useEffect, useState } from "react";

const TYPED_MS = 60;

/** The value as it was a moment ago; null at once. */
export function useLater(typed: string | null): string | null {
  const [later, setLater] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setLater(typed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return typed === null ? null : later;
}

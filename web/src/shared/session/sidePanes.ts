// Two sessions side by side. The address names the one in use, and beside it the other with its side, so that whatever
// acts on the session of the address acts on the one in use: /sessions/A?right=B.

export interface SidePanes {
  left: string;
  right: string;
  /** The one in use. */
  active: string;
}

export const SPLIT_MIN_PX = 1_000; // on narrower screens one of the two is shown

/** The panes of an address; null for a single session. */
export function panesOf(sessionId: string, search: string): SidePanes | null {
  const query = new URLSearchParams(search);
  const [left, right] = [query.get("left"), query.get("right")];
  if (right && right !== sessionId) return { left: sessionId, right, active: sessionId };
  if (left && left !== sessionId) return { left, right: sessionId, active: sessionId };
  return null;
}

/** The address that shows two sessions with one of them in use. */
export function panesAddress({ left, right, active }: SidePanes): string {
  const beside = active === left ? `right=${encodeURIComponent(right)}` : `left=${encodeURIComponent(left)}`;
  return `/sessions/${encodeURIComponent(active)}?${beside}`;
}

/** The address that shows a session beside the one in use, in place of the other. */
export function besideAddress(current: string, search: string, added: string): string {
  const panes = panesOf(current, search);
  if (panes?.active === panes?.right && panes) return panesAddress({ left: added, right: current, active: current });
  return panesAddress({ left: current, right: added, active: current });
}

// A window of its own for a session, without the list: several can lie side by side.

const ALONE = "alone";
const SIZE = "popup,width=900,height=1000";

export function openWindow(sessionId: string): void {
  window.open(`/sessions/${encodeURIComponent(sessionId)}?${ALONE}`, `boocoder ${sessionId}`, SIZE);
}

/** Whether this window shows one session and no list. */
export function isAlone(search: string): boolean {
  return new URLSearchParams(search).has(ALONE);
}

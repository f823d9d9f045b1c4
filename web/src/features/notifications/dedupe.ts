// Notifies each event in one tab only: the first that records it.
const KEY = "boocoder.told";
const KEPT_MAX = 50;

/** Whether an event was notified already; records it. */
export function alreadyNotified(key: string): boolean {
  let known: string[] = [];
  try {
    known = JSON.parse(localStorage.getItem(KEY) ?? "[]") as string[];
  } catch {
    // foreign data
  }
  if (known.includes(key)) return true;
  localStorage.setItem(KEY, JSON.stringify([...known, key].slice(-KEPT_MAX)));
  return false;
}

// Unsent texts per conversation, stored in this browser.
const PREFIX = "boocoder.draft.";
const KEPT_MAX = 100;

export function readDraft(key: string): string {
  return localStorage.getItem(PREFIX + key) ?? "";
}

export function saveDraft(key: string, text: string): void {
  try {
    if (text) localStorage.setItem(PREFIX + key, text);
    else localStorage.removeItem(PREFIX + key);
  } catch {
    dropOldDrafts(); // storage is full
  }
}

function dropOldDrafts(): void {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  for (const key of keys.slice(0, Math.max(1, keys.length - KEPT_MAX / 2))) localStorage.removeItem(key);
}

// Comment drafts: kept while their lines are scrolled away or the agent changes the file.
import { useSyncExternalStore } from "react";

export interface CommentDraft {
  first: number;
  last: number;
  side: "old" | "new";
  text: string;
}

const remarks = new Map<string, CommentDraft>();
const listeners = new Set<() => void>();

export function setCommentDraft(key: string, remark: CommentDraft | null): void {
  if (remark) remarks.set(key, remark);
  else remarks.delete(key);
  for (const listener of listeners) listener();
}

/** The comment draft of a file. */
export function useCommentDraft(key: string): CommentDraft | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => remarks.get(key) ?? null,
  );
}

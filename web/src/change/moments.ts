// The snapshots of a session as moments that a person recognises. Pure.
import type { SnapshotKind, SnapshotOut } from "../api/generated";
import type { Conversation } from "../stream/conversation";
import { visible } from "../text/visible";

export interface Moment {
  /** What the service is asked with: a snapshot, "base" or "now". */
  id: string;
  snapshot: SnapshotOut | null;
  words: string;
}

const KINDS: Record<SnapshotKind, string> = {
  turn_start: "Before",
  turn_end: "After",
  interrupted: "Broken off",
  before_rewind: "Before going back",
  before_undo: "Before parts were taken back",
  before_removal: "Before the worktree was put away",
  before_update: "Before your newer files came in",
  changed: "Changed by you",
  apply: "Applied",
  fork: "Start of this fork",
  manual: "Kept by hand",
};
const PROMPT_CHARS = 60;

/** Oldest first, from where the worktree began; files that were put away have no now. */
export function momentsOf(snapshots: readonly SnapshotOut[], prompts: ReadonlyMap<string, string>, away = false): Moment[] {
  const kept: (Moment & { snapshot: SnapshotOut })[] = [];
  for (const snapshot of [...snapshots].reverse()) {
    const before = kept.at(-1)?.snapshot;
    // What is kept before the files are written is no moment of its own where nothing had changed since the last one.
    if (snapshot.kind.startsWith("before_") && before?.tree === snapshot.tree) continue;
    const same = kept.findLast((one) => one.snapshot.tree === snapshot.tree && one.snapshot.kind !== "changed");
    const back = snapshot.kind === "changed" && same && `Set back to: ${same.words}`;
    kept.push({ id: snapshot.id, snapshot, words: back || wordsOf(snapshot, prompts) });
  }
  return [{ id: "base", snapshot: null, words: "Where the session began" }, ...kept, ...(away ? [] : [{ id: "now", snapshot: null, words: "Now" }])];
}

function wordsOf(snapshot: SnapshotOut, prompts: ReadonlyMap<string, string>): string {
  if (snapshot.kind === "changed" && snapshot.note) return capital(visible(snapshot.note));
  const prompt = snapshot.task_id ? prompts.get(snapshot.task_id) : undefined;
  const what = prompt ? `“${shortened(prompt)}”` : snapshot.kind.startsWith("turn") ? "a turn" : "";
  return [KINDS[snapshot.kind], what, snapshot.note && `(${visible(snapshot.note)})`].filter(Boolean).join(" ");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Before the newest turn, which is the one that is looked for most; else where the session began. */
export function beforeNewestTurn(moments: readonly Moment[]): number {
  const ended = moments.findLastIndex((one) => one.snapshot?.kind === "turn_end" || one.snapshot?.kind === "interrupted");
  return Math.max(0, ended - 1);
}

function shortened(prompt: string): string {
  const line = visible(prompt).trim().split("\n")[0] ?? "";
  const points = Array.from(line);
  return points.length > PROMPT_CHARS ? `${points.slice(0, PROMPT_CHARS).join("")}…` : line;
}

/** What each task was asked, out of the conversation. */
export function promptsOf(items: Conversation["items"]): Map<string, string> {
  const prompts = new Map<string, string>();
  for (const item of items) if (item.kind === "message" && item.role === "user") prompts.set(item.taskId, item.text);
  return prompts;
}

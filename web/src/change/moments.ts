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
  changed: "Changed from outside",
  apply: "Applied",
  fork: "Start of this fork",
  manual: "Kept by hand",
};
const PROMPT_CHARS = 60;

/** Oldest first, from where the worktree began; files that were put away have no now. */
export function momentsOf(snapshots: readonly SnapshotOut[], prompts: ReadonlyMap<string, string>, away = false): Moment[] {
  const kept = [...snapshots].reverse().map((snapshot) => ({ id: snapshot.id, snapshot, words: wordsOf(snapshot, prompts) }));
  return [{ id: "base", snapshot: null, words: "Where the session began" }, ...kept, ...(away ? [] : [{ id: "now", snapshot: null, words: "Now" }])];
}

function wordsOf(snapshot: SnapshotOut, prompts: ReadonlyMap<string, string>): string {
  const prompt = snapshot.task_id ? prompts.get(snapshot.task_id) : undefined;
  const what = prompt ? `“${shortened(prompt)}”` : snapshot.kind.startsWith("turn") ? "a turn" : "";
  return [KINDS[snapshot.kind], what, snapshot.note && `(${visible(snapshot.note)})`].filter(Boolean).join(" ");
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

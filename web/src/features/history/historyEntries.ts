// The snapshots of a session as labelled entries.
import type { SnapshotKind, SnapshotInfo } from "../../shared/api/generated";
import type { Conversation } from "../../shared/stream/conversation";
import { visible } from "../../shared/text/visible";

export interface HistoryEntry {
  /** Id for the service: a snapshot, "base" or "now". */
  id: string;
  snapshot: SnapshotInfo | null;
  words: string;
}

const KINDS: Record<SnapshotKind, string> = {
  turn_start: "Before",
  turn_end: "After",
  interrupted: "Interrupted",
  before_rewind: "Before a rewind",
  before_undo: "Before reverting parts",
  before_removal: "Before the worktree was removed",
  takeover: "Went on on another host",
  before_update: "Before merging your newer files",
  changed: "Changed by you",
  apply: "Applied",
  fork: "Start of this fork",
  manual: "Manual snapshot",
};
const PROMPT_CHARS = 60;

/** Oldest first, from the base; removed files have no "now". */
export function historyEntries(snapshots: readonly SnapshotInfo[], prompts: ReadonlyMap<string, string>, away = false): HistoryEntry[] {
  const kept: (HistoryEntry & { snapshot: SnapshotInfo })[] = [];
  for (const snapshot of [...snapshots].reverse()) {
    const before = kept.at(-1)?.snapshot;
    // A safety snapshot without changes since the last one gets no entry.
    if (snapshot.kind.startsWith("before_") && before?.tree === snapshot.tree) continue;
    const same = kept.findLast((one) => one.snapshot.tree === snapshot.tree && one.snapshot.kind !== "changed");
    const back = snapshot.kind === "changed" && same && `Rewound to: ${same.words}`;
    kept.push({ id: snapshot.id, snapshot, words: back || wordsOf(snapshot, prompts) });
  }
  return [{ id: "base", snapshot: null, words: "Start of the session" }, ...kept, ...(away ? [] : [{ id: "now", snapshot: null, words: "Now" }])];
}

function wordsOf(snapshot: SnapshotInfo, prompts: ReadonlyMap<string, string>): string {
  if (snapshot.kind === "changed" && snapshot.note) return capital(visible(snapshot.note));
  const prompt = snapshot.task_id ? prompts.get(snapshot.task_id) : undefined;
  const what = prompt ? `“${shortened(prompt)}”` : snapshot.kind.startsWith("turn") ? "a turn" : "";
  return [KINDS[snapshot.kind], what, snapshot.note && `(${visible(snapshot.note)})`].filter(Boolean).join(" ");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Before the newest turn, the most wanted entry; without a turn, the base. */
export function beforeNewestTurn(entries: readonly HistoryEntry[]): number {
  const ended = entries.findLastIndex((one) => one.snapshot?.kind === "turn_end" || one.snapshot?.kind === "interrupted");
  return Math.max(0, ended - 1);
}

function shortened(prompt: string): string {
  const line = visible(prompt).trim().split("\n")[0] ?? "";
  const points = Array.from(line);
  return points.length > PROMPT_CHARS ? `${points.slice(0, PROMPT_CHARS).join("")}…` : line;
}

/** The prompt of each task. */
export function promptsByTask(items: Conversation["items"]): Map<string, string> {
  const prompts = new Map<string, string>();
  for (const item of items) if (item.kind === "message" && item.role === "user") prompts.set(item.taskId, item.text);
  return prompts;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { FileOut } from "./outputs";
import type { SessionState, SnapshotKind, WorktreeState } from "./words";

/** How two states of a session's files differ; lines are counted over text files. */
export interface ComparedOut {
  from_tree: string;
  to_tree: string;
  additions: number;
  deletions: number;
  files: FileOut[];
}

/** Fork a session: from a snapshot, from what a task left behind, or, with neither, from the newest snapshot. */
export interface ForkInput {
  snapshot_id?: string | null;
  task_id?: string | null;
  title?: string | null;
}

/** A new session; `worktree` is null where its first turn will make the files. */
export interface ForkOut {
  session_id: string;
  chat_id: string;
  snapshot: SnapshotOut;
  worktree: string | null;
}

/** Paths that fit, best first, and how many files were looked through. */
export interface FoundFilesOut {
  paths: string[];
  files: number;
}

/** Take a snapshot of a session's files as they are. */
export interface NewSnapshot {
  note?: string;
}

/** Remove the worktrees that have to go; `dry_run`: only say which. */
export interface PruneInput {
  dry_run?: boolean;
}

/** A worktree that had to go; `kept` says why it stays all the same, "" where it went, or would go. */
export interface ReapedOut {
  session_id: string;
  why: string;
  size_bytes: number;
  kept: string;
}

/** Remove a worktree; `force`: also with files that no snapshot can hold. */
export interface RemoveInput {
  force?: boolean;
}

/** Set a session's files back: to a snapshot, or to before its newest `turns` turns. */
export interface RewindInput {
  snapshot_id?: string | null;
  turns?: number | null;
}

/** What a rewind did; rewinding to `before` undoes it. */
export interface RewoundOut {
  target: SnapshotOut;
  before: SnapshotOut;
  files: number;
}

/** A state of a session's files that is kept. */
export interface SnapshotOut {
  id: string;
  session_id: string;
  task_id: string | null;
  kind: SnapshotKind;
  tree: string;
  taken_at: string;
  seq: number | null;
  note: string;
}

/** Whether a session's terminal can be opened; `why` not, where it cannot now. */
export interface TerminalOut {
  offered: boolean;
  path: string | null;
  why: string;
}

/** A session's worktree; `kept` says why it is still there although it had to go. */
export interface WorktreeOut {
  session_id: string;
  project_id: string;
  title: string;
  path: string;
  state: WorktreeState;
  session_state: SessionState;
  pinned: boolean;
  created_at: string;
  used_at: string;
  size_bytes: number | null;
  measured_at: string | null;
  removed_at: string | null;
  removed_why: string;
  busy_why: string;
  has_work: boolean;
  running: boolean;
  kept: string;
}

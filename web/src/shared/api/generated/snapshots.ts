// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { FileSummary } from "./changes";
import type { SnapshotKind } from "./words";

/** A new session; `worktree` is null where its first turn will write the files. */
export interface ForkResult {
  session_id: string;
  chat_id: string;
  snapshot: SnapshotInfo;
  worktree: string | null;
}

/** A rewind to `target`; rewinding to `before` undoes it. */
export interface RewindResult {
  target: SnapshotInfo;
  before: SnapshotInfo;
  files: number;
}

/** How two states of a session's files differ; lines are counted over text files. */
export interface SnapshotDiff {
  from_tree: string;
  to_tree: string;
  additions: number;
  deletions: number;
  files: FileSummary[];
}

/** A stored state of a session's files. */
export interface SnapshotInfo {
  id: string;
  session_id: string;
  task_id: string | null;
  kind: SnapshotKind;
  tree: string;
  taken_at: string;
  seq: number | null;
  note: string;
}

/** What of a session's files is stored for other hosts. */
export interface StoredFiles {
  complete: boolean;
  taken_at: string | null;
  snapshots: number;
  size_bytes: number;
}

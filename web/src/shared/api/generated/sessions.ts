// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { SessionState, TaskState } from "./words";

/** A thread of conversation in a session, with the agent and options of its newest task (None before the first). */
export interface Chat {
  id: string;
  session_id: string;
  title: string;
  agent: string | null;
  model: string | null;
  mode: string | null;
  thinking: string | null;
  created_at: string;
}

/** The sessions that were deleted, in this order. */
export interface DeletedSessions {
  session_ids: string[];
}

/** Fork a session: from a snapshot, from what a task left behind, or, with neither, from the newest snapshot. */
export interface ForkInput {
  snapshot_id?: string | null;
  task_id?: string | null;
  title?: string | null;
}

/** Begin a chat in a session. */
export interface NewChat {
  title?: string | null;
}

/** Open a session in a project. */
export interface NewSession {
  project_id: string;
  title?: string | null;
  start?: StartInput;
}

/** Take a snapshot of a session's files as they are. */
export interface NewSnapshot {
  note?: string;
}

/** Remove the worktrees that have to go; `dry_run`: only say which. */
export interface PruneInput {
  dry_run?: boolean;
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

/** A workspace of a project: one worktree, one change, one turn at a time. */
export interface Session {
  id: string;
  project_id: string;
  host_id: string | null;
  title: string;
  state: SessionState;
  created_at: string;
  updated_at: string;
  start_from: string | null;
  start_dirty: boolean;
  pending_tasks: number;
  running_task_id: string | null;
  heard_at: string | null;
  last_task_state: TaskState | null;
  last_task_id: string | null;
  pending_change_id: string | null;
  additions: number | null;
  deletions: number | null;
  open_requests: number;
  pinned: boolean;
  absent_host: string | null;
  unread: boolean;
}

/** A session that was forked from another one, or started by its agents. */
export interface SessionBegun {
  id: string;
  title: string;
}

/** What a session has. */
export interface SessionContents {
  session_id: string;
  title: string;
  pinned: boolean;
  open_tasks: number;
  messages: number;
  snapshots: number;
  pending_change: boolean;
  worktree: boolean;
}

/** How many sessions are open, archived, wait for a person, run, have queued tasks, and are unread. */
export interface SessionCounts {
  open: number;
  archived: number;
  waiting: number;
  running: number;
  queued: number;
  unread: number;
}

/** What goes when a session is deleted. */
export interface SessionDeletion {
  contents: SessionContents;
  begun_from: SessionBegun[];
}

/** Change a session; what is left out stays. */
export interface SessionPatch {
  title?: string | null;
  state?: SessionState | null;
}

/** Where a new session's worktree starts: from what is checked out, from a name, or from the checkout as it is. */
export interface StartInput {
  from?: string | null;
  dirty?: boolean;
}

/** Bring a session's files onto a newer commit. */
export interface UpdateInput {
  ref?: string | null;
}

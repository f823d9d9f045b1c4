// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { SessionState, WorktreeState } from "./words";

/** Paths that match, best first, and how many files were searched. */
export interface FoundFiles {
  paths: string[];
  files: number;
}

/** A worktree that was due for removal; `kept` says why it was not removed, "" where it was, or would be. */
export interface PrunedWorktree {
  session_id: string;
  why: string;
  size_bytes: number;
  kept: string;
}

/** One of a session's files as it is now, or as its newest snapshot has it where the worktree is gone. */
export interface SessionFile {
  path: string;
  text: string;
}

/** A process that a tool of the session's agent started and that still runs. */
export interface SessionProcess {
  pid: number;
  command: string;
  started_at: string;
}

/** Whether a session's terminal can be opened, and `why` not. */
export interface TerminalInfo {
  offered: boolean;
  path: string | null;
  why: string;
}

/** A session's worktree, why it is there, and what else the session has on the disk. */
export interface WorktreeInfo {
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
  overflow_bytes: number;
}

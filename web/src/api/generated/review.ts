// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { ChangeState, Verdict } from "./words";

/** A remark on lines of a change. */
export interface CommentOut {
  id: string;
  session_id: string;
  change_id: string;
  path: string;
  path_coded: boolean;
  side: string;
  first_line: number;
  last_line: number;
  quote: string;
  body: string;
  task_id: string | null;
  created_at: string;
}

/** Say something else. */
export interface CommentPatch {
  body: string;
}

/** What a person decides about units of the change that they looked at. */
export interface DecideInput {
  units?: string[];
  paths?: string[];
  path_coded?: boolean;
  all?: boolean;
  verdict: "accepted" | "rejected" | "open";
}

/** What a decision came to; `gone` are units that the session's newest change does not have any more. */
export interface DecidedOut {
  review: ReviewOut;
  decided: number;
  gone: string[];
}

/** A file with a page of its units. */
export interface FileUnitsOut {
  file: ReviewFileOut;
  units: UnitOut[];
  next: PlaceOut | null;
}

/** What deserves a second look. */
export interface FlagOut {
  kind: string;
  reason: string;
  line: number | null;
}

/** One line of a unit or beside it. */
export interface LineOut {
  kind: "context" | "removed" | "added";
  old: number | null;
  new: number | null;
  text: string;
  end: "lf" | "crlf" | "none";
  utf8: boolean;
  spans: ([number, number])[];
  left_out: number;
}

/** A remark on lines of a change. */
export interface NewComment {
  path: string;
  path_coded?: boolean;
  side?: "old" | "new";
  first_line?: number;
  last_line?: number | null;
  body: string;
}

/** Where the next page of a file begins. */
export interface PlaceOut {
  unit: number;
  line: number;
}

/** A file of a change, and how its review stands. */
export interface ReviewFileOut {
  number: number;
  path: string;
  path_coded: boolean;
  old_path: string | null;
  old_path_coded: boolean;
  status: string;
  old_mode: string;
  new_mode: string;
  old_size: number | null;
  new_size: number | null;
  binary: boolean;
  too_large: boolean;
  additions: number;
  deletions: number;
  units: number;
  accepted: number;
  rejected: number;
  open: number;
  reopened: number;
  flags: FlagOut[];
}

/** How the review of a change stands. */
export interface ReviewOut {
  change_id: string;
  session_id: string;
  state: ChangeState;
  files: number;
  accepted: number;
  rejected: number;
  open: number;
  reopened: number;
  unsent_comments: number;
}

/** Send the comments of a session that wait to its agent. */
export interface SendComments {
  rejected?: boolean;
  chat_id?: string | null;
  agent?: string | null;
}

/** Which rejected units are taken out of the worktree; all if none is named. */
export interface UndoInput {
  units?: string[];
}

/** What was taken out of the worktree. */
export interface UndoneOut {
  units: number;
  paths: string[];
  snapshot_id: string;
  change_id: string | null;
}

/** The smallest part of a change that can be decided alone, or a page of its lines. */
export interface UnitOut {
  id: string;
  kind: string;
  state: "accepted" | "rejected" | "open";
  reopened: Verdict | null;
  old_start: number;
  old_count: number;
  new_start: number;
  new_count: number;
  lines: LineOut[];
}

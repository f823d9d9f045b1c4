// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { ChangeState, Verdict } from "./words";

/** Something in a file that deserves a second look; `line` is null for the file as a whole. */
export interface ChangeFlag {
  kind: string;
  reason: string;
  line: number | null;
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

/** One line of a unit, or of context beside it. */
export interface DiffLine {
  kind: "added" | "context" | "removed";
  old: number | null;
  new: number | null;
  text: string;
  end: "crlf" | "lf" | "none";
  utf8: boolean;
  spans: ([number, number])[];
  left_out: number;
}

/** What a person wants in place of a unit's lines; null takes the lines again. */
export interface EditInput {
  unit: string;
  text: string | null;
  rest?: "rejected" | "open";
}

/** A file with a page of its units. */
export interface FileUnits {
  file: ReviewedFile;
  units: ReviewUnit[];
  next: PagePosition | null;
}

/** A part whose unit is made whole again. */
export interface JoinInput {
  unit: string;
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
export interface PagePosition {
  unit: number;
  line: number;
}

/** What was taken out of the worktree. */
export interface RevertResult {
  units: number;
  paths: string[];
  snapshot_id: string;
  change_id: string | null;
}

/** A comment on lines of a change; `task_id` is the task that sent it to the agent, null while it waits. */
export interface ReviewComment {
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

/** The review after a decision; `gone` are units that are no longer in the session's newest change. */
export interface ReviewDecision {
  review: ReviewSummary;
  decided: number;
  gone: string[];
}

/** The verdict counts of a change and the comments that were not sent yet. */
export interface ReviewSummary {
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

/** The smallest part of a change that can be decided by itself, or a page of its lines. */
export interface ReviewUnit {
  id: string;
  kind: string;
  state: "accepted" | "open" | "rejected";
  reopened: Verdict | null;
  old_start: number;
  old_count: number;
  new_start: number;
  new_count: number;
  lines: DiffLine[];
  splittable: boolean;
  part_of: string | null;
  edited: string | null;
  rest: "open" | "rejected" | null;
}

/** A file of a change with its statistics, flags and verdict counts. */
export interface ReviewedFile {
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
  lfs: boolean;
  too_large: boolean;
  additions: number;
  deletions: number;
  units: number;
  accepted: number;
  rejected: number;
  open: number;
  reopened: number;
  flags: ChangeFlag[];
}

/** Changed lines of a unit: removed ones by their numbers in the old file, added ones by those in the new. */
export interface SelectedLines {
  side: "old" | "new";
  first: number;
  last?: number | null;
}

/** Send the comments of a session that wait to its agent. */
export interface SendComments {
  rejected?: boolean;
  chat_id?: string | null;
  agent?: string | null;
}

/** Which unit is split, and where: at unchanged lines, or around the selected ones. */
export interface SplitInput {
  unit: string;
  lines?: SelectedLines[];
  verdict?: "accepted" | "rejected" | null;
}

/** Which rejected units are taken out of the worktree; all if none is named. */
export interface UndoInput {
  units?: string[];
}

/** What a unit became by splitting or joining. */
export interface UnitParts {
  review: ReviewSummary;
  units: string[];
  selected: string[];
}

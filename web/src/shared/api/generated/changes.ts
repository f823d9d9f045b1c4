// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { FollowInput } from "./follows";
import type { FileConflict } from "./problems";
import type { ApplyTarget, ChangeState } from "./words";

/** Apply a change, or part of it. */
export interface ApplyInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  keep_commits?: boolean;
  filtered?: boolean;
  target?: "checkout" | "commit" | "branch";
  dry_run?: boolean;
}

/** What was applied; with `dry_run` what would be, or what conflicts with it. */
export interface ApplyResult {
  change: ChangeInfo;
  already_applied: boolean;
  dry_run: boolean;
  files_written: number;
  left: string[];
  target: ApplyTarget;
  ref: string | null;
  commit: string | null;
  units: number;
  units_total: number;
  rest_change_id: string | null;
  conflicts: FileConflict[];
  commits: number;
  warnings: string[];
}

/** What becomes of one block of a conflict; `user` and `agent` are its sides as they were shown. */
export interface BlockChoiceInput {
  user: string;
  agent: string;
  take?: "user" | "agent" | "both" | null;
  text?: string;
}

/** A commit that the agent made of a change. */
export interface ChangeCommit {
  id: string;
  subject: string;
  message: string;
  author_name: string;
  author_email: string;
  authored_at: string;
  files: string[];
  files_total: number;
}

/** A change with its files. */
export interface ChangeInfo {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
  applied_target: ApplyTarget | null;
  applied_ref: string | null;
  files: FileSummary[];
}

/** A change as lists show it. */
export interface ChangeSummary {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
  applied_target: ApplyTarget | null;
  applied_ref: string | null;
}

/** What becomes of one file in conflict: a side of all of it, or its blocks in order. */
export interface FileChoiceInput {
  path: string;
  path_coded?: boolean;
  take?: "user" | "agent" | "both" | null;
  blocks?: BlockChoiceInput[];
}

/** A changed file. */
export interface FileSummary {
  path: string;
  status: string;
  additions: number | null;
  deletions: number | null;
  old_mode: string;
  new_mode: string;
  path_coded: boolean;
  old_path: string;
  old_path_coded: boolean;
  lfs: boolean;
}

/** How a change is published. */
export interface PublishInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  keep_commits?: boolean;
  filtered?: boolean;
  remote?: string | null;
  title?: string | null;
  text?: string | null;
  base?: string | null;
  draft?: boolean;
  only_push?: boolean;
  follow?: FollowInput | null;
}

/** A published branch. */
export interface PublishedBranch {
  ref: string | null;
  commit: string | null;
  remote: string;
  output: string;
  url: string | null;
  open_url: string | null;
  next: string;
}

/** Title and text of a pull request. */
export interface PullRequestText {
  title: string;
  text: string;
}

/** What the session's worktree is brought up to, and what becomes of files in conflict. */
export interface ResolveInput {
  onto?: "checkout" | "head";
  files?: FileChoiceInput[];
}

/** What came of merging the user's newer files into the worktree. */
export interface ResolveResult {
  change_id: string | null;
  task_id: string | null;
  conflicts: string[];
  files_written: number;
  commit: string | null;
}

/** How an apply to the checkout is undone. */
export interface UnapplyInput {
  dry_run?: boolean;
}

/** What was taken out of the checkout; with `dry_run` what would be, or what conflicts with it. */
export interface UnapplyResult {
  change: ChangeInfo;
  dry_run: boolean;
  paths: string[];
  pending_change_id: string | null;
  conflicts: FileConflict[];
}

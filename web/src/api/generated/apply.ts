// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { ChangeOut } from "./outputs";
import type { ApplyTarget } from "./words";

/** What applying came to; with `dry_run` what it would come to, or what stands against it. */
export interface AppliedOut {
  change: ChangeOut;
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
  conflicts: ConflictOut[];
}

/** Which part of a change goes where. */
export interface ApplyInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  target?: "checkout" | "commit" | "branch";
  dry_run?: boolean;
}

/** A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded. */
export interface ConflictOut {
  path: string;
  path_coded: boolean;
  reason: string;
  text: string;
  regions: RegionOut[];
  base_size: number | null;
  ours_size: number | null;
  theirs_size: number | null;
  more: number;
}

/** How a change is published. */
export interface PublishInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  remote?: string | null;
  title?: string | null;
  text?: string | null;
  base?: string | null;
  draft?: boolean;
  only_push?: boolean;
}

/** What a pull request says. */
export interface PublishWordsOut {
  title: string;
  text: string;
}

/** What came of publishing. */
export interface PublishedOut {
  ref: string | null;
  commit: string | null;
  remote: string;
  output: string;
  url: string | null;
  open_url: string | null;
  next: string;
}

/** One place where both sides changed the same lines; `line` is the first one of yours. */
export interface RegionOut {
  line: number;
  base: string;
  ours: string;
  theirs: string;
  cut: boolean;
}

/** What the session's worktree is brought up to. */
export interface ResolveInput {
  onto?: "checkout" | "head";
}

/** What came of bringing the user's newer files into the worktree. */
export interface ResolvedOut {
  change_id: string | null;
  task_id: string | null;
  conflicts: string[];
  files_written: number;
}

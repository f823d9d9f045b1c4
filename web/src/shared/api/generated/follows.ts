// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** How far a session answers what its branch's forge says, without a person. */
export interface FollowInput {
  rounds_max?: number;
  cost_max_usd?: number;
  gate?: string;
  reviewers?: string[];
}

/** Stop or resume rounds, and change their bounds. */
export interface FollowPatch {
  enabled?: boolean | null;
  rounds_max?: number | null;
  cost_max_usd?: number | null;
  gate?: string | null;
  reviewers?: string[] | null;
}

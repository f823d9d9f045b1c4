// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded. */
export interface ConflictProblem {
  path: string;
  path_coded: boolean;
  reason: string;
  text: string;
  regions: RegionProblem[];
  base_size: number | null;
  ours_size: number | null;
  theirs_size: number | null;
  more: number;
}

/** One wrong value: where it stands (`prompt`, `query limit`, `path task_id`) and what is wrong with it. */
export interface FieldError {
  field: string;
  message: string;
}

/** The body of every answer that is not a success. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  cure: string;
  errors?: FieldError[];
  conflicts?: ConflictProblem[];
}

/** One place where both sides changed the same lines; `cut` where a side is longer than shown. */
export interface RegionProblem {
  line: number;
  base: string;
  ours: string;
  theirs: string;
  cut: boolean;
}

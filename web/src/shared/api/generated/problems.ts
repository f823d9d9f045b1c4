// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Lines that both sides changed. */
export interface ConflictRegion {
  line: number;
  base: string;
  ours: string;
  theirs: string;
  cut: boolean;
}

/** One invalid value: its place (`prompt`, `query limit`, `path task_id`) and what is wrong with it. */
export interface FieldError {
  field: string;
  message: string;
}

/** A file that conflicts with a change, with both sides. `path_coded` says that bytes are percent-coded. */
export interface FileConflict {
  path: string;
  path_coded: boolean;
  reason: string;
  text: string;
  regions: ConflictRegion[];
  base_size: number | null;
  ours_size: number | null;
  theirs_size: number | null;
  more: number;
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
  conflicts?: FileConflict[];
}

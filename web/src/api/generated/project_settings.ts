// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** All settings of a project, in place of those that it had; what is left out gets its default. */
export interface ProjectSettingsInput {
  copy_patterns?: string[];
  setup?: string;
  setup_timeout_s?: number;
  teardown?: string;
  teardown_timeout_s?: number;
}

/** What a project wants done in each new worktree. */
export interface ProjectSettingsOut {
  project_id: string;
  copy_patterns: string[];
  setup: string;
  setup_timeout_s: number;
  teardown: string;
  teardown_timeout_s: number;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Turn a hook on or off. */
export interface HookPatch {
  enabled: boolean;
}

/** Add a hook; `prompt` and `title` are templates with `{{ path.to.field }}`. */
export interface NewHook {
  name: string;
  project_id: string;
  prompt: string;
  title?: string | null;
  agent?: string | null;
  model?: string | null;
  mode?: string | null;
  conditions?: Record<string, string>;
  per_hour?: number;
}

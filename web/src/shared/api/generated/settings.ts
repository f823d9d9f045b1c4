// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Change settings by their dotted names, and whole tables such as `mcp.github`; null removes one from the file. */
export interface SettingsPatch {
  changes: Record<string, unknown>;
}

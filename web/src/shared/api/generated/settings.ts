// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Change settings by their dotted names, keys of tables too, such as `mcp.github.url`; null removes one. */
export interface SettingsPatch {
  changes: Record<string, unknown>;
}

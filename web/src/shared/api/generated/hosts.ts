// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Whether a host takes no new session. */
export interface HostPatch {
  drained: boolean;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { TokenScope } from "./words";

/** Make an access token; `days` null: it is good until it is revoked. */
export interface NewToken {
  name: string;
  scope: TokenScope;
  project_id?: string | null;
  days?: number | null;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** The body of a request that needs none: absent, or an empty object. */
export interface EmptyBody {
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Keep a file until a task takes it. */
export interface NewAttachment {
  name: string;
  content: string;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

export type * from "./agents";
export type * from "./apply";
export type * from "./attachments";
export type * from "./demo";
export type * from "./files";
export type * from "./frames";
export type * from "./inputs";
export type * from "./outputs";
export type * from "./places";
export type * from "./problem";
export type * from "./project_settings";
export type * from "./review";
export type * from "./routes";
export type * from "./search";
export type * from "./socket_messages";
export type * from "./usage";
export type * from "./words";

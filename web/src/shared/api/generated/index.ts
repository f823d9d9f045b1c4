// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

export type * from "./agent_event";
export type * from "./changes";
export type * from "./fields";
export type * from "./follows";
export type * from "./frames";
export type * from "./hooks";
export type * from "./hosts";
export type * from "./messages";
export type * from "./permissions";
export type * from "./problems";
export type * from "./projects";
export type * from "./review";
export type * from "./routes";
export type * from "./rules";
export type * from "./search";
export type * from "./service";
export type * from "./sessions";
export type * from "./settings";
export type * from "./snapshots";
export type * from "./socket_messages";
export type * from "./steers";
export type * from "./tasks";
export type * from "./tokens";
export type * from "./webhooks";
export type * from "./words";
export type * from "./worktrees";

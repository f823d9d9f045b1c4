// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { StartKind } from "./words";

/** A folder, written as it was typed (`~/` stays); `repository`: it is the top of a git checkout. */
export interface FolderOut {
  path: string;
  repository: boolean;
}

/** Folders by name; with `more`, others fit as well. */
export interface FoundFoldersOut {
  folders: FolderOut[];
  more: boolean;
}

/** A branch, tag or commit (its short id) that a session can start from; `at_unix` is 0 where git knows no time. */
export interface StartNameOut {
  kind: StartKind;
  name: string;
  at_unix: number;
  subject: string;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** A folder, written as it was typed (`~/` stays); `repository`: it is the top of a git checkout. */
export interface Folder {
  path: string;
  repository: boolean;
}

/** Folders by name; with `more`, others match as well. */
export interface FoundFolders {
  folders: Folder[];
  more: boolean;
}

/** Add a repository. */
export interface NewProject {
  path: string;
  name?: string | null;
  separate?: boolean;
}

/** A git repository that a person has added. */
export interface Project {
  id: string;
  name: string;
  path: string;
  created_at: string;
  archived_at: string | null;
  moved: boolean;
}

/** How a project's worktrees are set up, whether secrets are redacted, and how its changes are committed. */
export interface ProjectSettings {
  project_id: string;
  copy_patterns: string[];
  setup: string;
  setup_timeout_s: number;
  teardown: string;
  teardown_timeout_s: number;
  redact: boolean;
  sign_commits: boolean | null;
  commit_hooks: boolean;
  git_hooks: boolean;
}

/** All settings of a project, in place of those that it had; what is left out gets its default. */
export interface ProjectSettingsInput {
  copy_patterns?: string[];
  setup?: string;
  setup_timeout_s?: number;
  teardown?: string;
  teardown_timeout_s?: number;
  redact?: boolean;
  sign_commits?: boolean | null;
  commit_hooks?: boolean;
  git_hooks?: boolean;
}

/** What a project makes agents run, and whether all of it is trusted. */
export interface ProjectTrustInfo {
  project_id: string;
  trusted: boolean;
  files: RunnableFileInfo[];
}

/** Where the repository of a project is now. */
export interface RelinkedProject {
  path: string;
}

/** A file of a project that makes agents run or obey something. */
export interface RunnableFileInfo {
  path: string;
  sha256: string;
  agents: string[];
  trusted: boolean;
}

/** A file as it was shown to the person. */
export interface SeenFile {
  path: string;
  sha256: string;
}

/** Whether a worktree waits that the project's next session gets, if the checkout stays at its commit. */
export interface SpareWorktree {
  ready: boolean;
}

/** What a start point's name refers to. */
export type StartKind = "branch" | "commit" | "remote" | "tag";

/** A branch, tag or commit that a session can start from. */
export interface StartName {
  kind: StartKind;
  name: string;
  at_unix: number;
  subject: string;
}

/** The files that the person trusts. */
export interface TrustInput {
  files: SeenFile[];
}

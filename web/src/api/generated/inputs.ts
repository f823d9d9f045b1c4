// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { Decision, RuleAction, SessionState } from "./words";

/** Put a task that waits before another one, or last. */
export interface MoveInput {
  before?: string | null;
}

/** Begin a chat in a session. */
export interface NewChat {
  title?: string | null;
}

/** Add a rule for a session, for a project, or, with neither, for all. */
export interface NewPermissionRule {
  project_id?: string | null;
  session_id?: string | null;
  tool: string;
  argument: string;
  exact?: boolean;
  action: RuleAction;
}

/** Add a repository. */
export interface NewProject {
  path: string;
  name?: string | null;
}

/** Open a session in a project. */
export interface NewSession {
  project_id: string;
  title?: string | null;
  start?: StartInput;
}

/** Queue a task: in a chat, or in a new chat of a session, or in a new session of a project. */
export interface NewTaskInput {
  prompt: string;
  project_id?: string | null;
  session_id?: string | null;
  chat_id?: string | null;
  agent?: string | null;
  model?: string | null;
  mode?: string | null;
  thinking?: string | null;
  priority?: number;
  title?: string | null;
  start?: StartInput;
  attachments?: string[];
}

/** The body of a request that needs none: absent, or an empty object. */
export interface Nothing {
}

/** What a person decides about a permission or question. */
export interface PermissionAnswerInput {
  decision: Decision;
  message?: string;
  answers?: string[][] | null;
}

/** Which agents to ask; all when left out. */
export interface ProbeInput {
  agents?: string[] | null;
}

/** Change a session; what is left out stays. */
export interface SessionPatch {
  title?: string | null;
  state?: SessionState | null;
}

/** Where a new session's worktree starts: from what is checked out, from a name, or from the checkout as it is. */
export interface StartInput {
  from?: string | null;
  dirty?: boolean;
}

/** Change a task that waits. */
export interface TaskPatch {
  prompt: string;
}

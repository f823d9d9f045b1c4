// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { StartInput } from "./sessions";
import type { Decision, RuleAction, SteerSender, TaskOrigin, TaskState } from "./words";

/** A file sent with a task. */
export interface AttachmentInfo {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

/** How many tasks are pending, run, wait for a person, and have ended. */
export interface BoardCounts {
  pending: number;
  running: number;
  waiting: number;
  ended: number;
}

/** Where a task went. */
export interface EnqueuedTask {
  task_id: string;
  session_id: string;
  chat_id: string;
  created: boolean;
  waiting_for: WaitingFor | null;
}

/** A model server that was found on this machine. */
export interface ModelServerInput {
  base_url: string;
}

/** A model as tasks name it. */
export interface ModelUnloadInput {
  model: string;
}

/** Put a task that waits before another one, or last. */
export interface MoveInput {
  before?: string | null;
}

/** Keep a file until a task takes it. */
export interface NewAttachment {
  name: string;
  content: string;
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

/** Give a message to the turn that runs in a session. */
export interface SteerInput {
  prompt: string;
  sent_by?: SteerSender;
}

/** A task. In a list `prompt` is cut; `prompt_chars` counts all of it. `place` orders its session's queue. */
export interface TaskInfo {
  id: string;
  place: number;
  project_id: string;
  session_id: string;
  chat_id: string;
  prompt: string;
  prompt_chars: number;
  agent: string;
  model: string | null;
  mode: string | null;
  thinking: string | null;
  priority: number;
  state: TaskState;
  epoch: number;
  cancel_requested_at: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error_code: string | null;
  error_text: string | null;
  error_cure: string | null;
  summary: string | null;
  origin: TaskOrigin;
  origin_name: string;
  parent_task_id: string | null;
  depth: number;
  usage: TurnUsage | null;
  open_requests: number;
  attachments: AttachmentInfo[];
  waiting_for: WaitingFor | null;
}

/** Change a task that waits. */
export interface TaskPatch {
  prompt: string;
}

/** Tokens and cost of a turn. */
export interface TurnUsage {
  input_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cost_usd: number;
  context_tokens: number;
}

/** Why a pending task waits for a host, and what to do about it. */
export interface WaitingFor {
  code: string;
  text: string;
  cure: string;
}

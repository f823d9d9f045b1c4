// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { ChangeState, Decider, JsonValue, MessageRole, MessageStatus, PartKind, PermissionKind, PermissionState, RuleAction, SessionState, TaskState } from "./words";

/** A file that goes with a task; an image is shown by its address, anything else saved. */
export interface AttachmentOut {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

/** A change with its files. */
export interface ChangeOut {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
  files: FileOut[];
}

/** A change as lists show it. */
export interface ChangeRowOut {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
}

/** A thread of conversation, with the choice of its newest task. */
export interface ChatOut {
  id: string;
  session_id: string;
  title: string;
  agent: string | null;
  model: string | null;
  mode: string | null;
  thinking: string | null;
  created_at: string;
}

/** Where a task went; `created` is false when the idempotency key had made it before. */
export interface EnqueuedOut {
  task_id: string;
  session_id: string;
  chat_id: string;
  created: boolean;
}

/** A changed file; the counts are null for a binary one, `..._coded` says that bytes are percent-coded. */
export interface FileOut {
  path: string;
  status: string;
  additions: number | null;
  deletions: number | null;
  old_mode: string;
  new_mode: string;
  path_coded: boolean;
  old_path: string;
  old_path_coded: boolean;
}

/** That the service works, and what flows through it. */
export interface HealthOut {
  status: string;
  version: string;
  host_id: string;
  instance_id: string;
  pending_tasks: number;
  running_tasks: number;
  subscriptions: number;
}

/** The path of a link that signs in one browser, once. */
export interface LoginCodeOut {
  path: string;
}

/** A message with its parts; `text` is a user's prompt. `ord` is the cursor of the list. */
export interface MessageOut {
  id: string;
  ord: number;
  session_id: string;
  chat_id: string;
  task_id: string;
  role: MessageRole;
  status: MessageStatus;
  agent: string | null;
  model: string | null;
  created_at: string;
  finished_at: string | null;
  text: string;
  attachments: AttachmentOut[];
  parts: PartOut[];
}

/** A part of a message: `text` for text and reasoning, `data` (the frame's fields) for the others. */
export interface PartOut {
  part: number;
  kind: PartKind;
  data: Record<string, JsonValue> | null;
  text: string;
  text_chars: number;
}

/** One answer that the agent offers. */
export interface PermissionOptionOut {
  id: string;
  label: string;
  kind: string;
}

/** A permission (with `options`) or a question (with `questions`) of an agent, and what came of it. */
export interface PermissionOut {
  id: string;
  session_id: string;
  task_id: string;
  message_id: string;
  part: number;
  tool_part: number | null;
  kind: PermissionKind;
  state: PermissionState;
  tool: string;
  title: string;
  argument: string;
  options: PermissionOptionOut[];
  questions: QuestionOut[];
  message: string;
  answers: string[][] | null;
  decided_by: Decider | null;
  rule_id: string | null;
  asked_at: string;
  decided_at: string | null;
}

/** A rule of a session, of a project, or of all. */
export interface PermissionRuleOut {
  id: string;
  project_id: string | null;
  session_id: string | null;
  tool: string;
  argument: string;
  exact: boolean;
  action: RuleAction;
  uses: number;
  created_at: string;
}

/** A repository that a person has added. */
export interface ProjectOut {
  id: string;
  name: string;
  path: string;
  created_at: string;
  archived_at: string | null;
}

/** One question; without choices the answer is free text. */
export interface QuestionOut {
  text: string;
  header: string;
  choices: string[];
  multiple: boolean;
}

/** A workspace of a project and what waits in it. */
export interface SessionOut {
  id: string;
  project_id: string;
  host_id: string | null;
  title: string;
  state: SessionState;
  created_at: string;
  updated_at: string;
  start_from: string | null;
  start_dirty: boolean;
  pending_tasks: number;
  running_task_id: string | null;
  heard_at: string | null;
  last_task_state: TaskState | null;
  last_task_id: string | null;
  pending_change_id: string | null;
  additions: number | null;
  deletions: number | null;
  open_requests: number;
  pinned: boolean;
}

/** A task; in a list its prompt is cut, `prompt_chars` counts the whole. `place` orders its session's queue. */
export interface TaskOut {
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
  usage: UsageOut | null;
  open_requests: number;
  attachments: AttachmentOut[];
}

/** A page of a part's text and how many characters the whole has. */
export interface TextPageOut {
  offset: number;
  text: string;
  total_chars: number;
}

/** Tokens and cost of a turn. */
export interface UsageOut {
  input_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cost_usd: number;
  context_tokens: number;
}

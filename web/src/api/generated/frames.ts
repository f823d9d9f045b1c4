// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { AgentsNews, AgentsUnwatched, Ping, Pong, SessionsNews, SessionsUnwatched, SocketError, Subscribe, Subscribed, Unsubscribe, Unsubscribed, UnwatchAgents, UnwatchSessions, WatchAgents, WatchSessions } from "./socket_messages";
import type { NoticeLevel, PlanStatus, ToolKind, ToolStatus } from "./words";

/** A slash command. */
export interface AgentCommandData {
  name: string;
  description?: string;
}

/** The slash commands that the chat's agent offers now. */
export interface AgentCommands {
  type: "agent_commands";
  chat_id: string;
  agent: string;
  commands: AgentCommandData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A file that was sent with a prompt. */
export interface AttachmentData {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

/** The session's change moved: a new pending one, or the old one superseded, withdrawn, applied, rejected. */
export interface ChangeUpdated {
  type: "change_updated";
  change_id: string;
  state: "applied" | "pending" | "rejected" | "superseded" | "withdrawn";
  agent: string;
  files?: number;
  additions?: number;
  deletions?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** More text of part `part` of a message, standing at `offset` (code points). */
export interface Delta {
  type: "delta";
  message_id: string;
  part: number;
  offset: number;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** What a tool says it changed in one file; texts longer than INLINE_TEXT_MAX_CHARS are left out (`cut`). */
export interface FileDiffData {
  path: string;
  old_text?: string | null;
  new_text?: string;
  cut?: boolean;
}

/** A file and a 1-based line. */
export interface LocationData {
  path: string;
  line?: number | null;
}

/** No more parts of this message will come. `status` is not `complete` where its turn did not complete. */
export interface MessageComplete {
  type: "message_complete";
  message_id: string;
  chat_id: string;
  status: "cancelled" | "complete" | "failed" | "interrupted" | "timed_out";
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A message begins. A user's message comes whole, in `text`, with the files that were sent with it. */
export interface MessageStarted {
  type: "message_started";
  message_id: string;
  chat_id: string;
  task_id: string;
  role: "assistant" | "user";
  text?: string;
  attachments?: AttachmentData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Something that the person should see and the agent did not say. */
export interface Notice {
  type: "notice";
  code: string;
  text: string;
  level?: NoticeLevel;
  message_id?: string | null;
  part?: number | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The agent asks before it acts, or what came of it; the latest one of a part wins. */
export interface Permission {
  type: "permission";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "allowed" | "asked" | "cancelled" | "refused";
  tool: string;
  title: string;
  argument: string;
  options?: PermissionOptionData[];
  tool_part?: number | null;
  decided_by?: string;
  rule_id?: string | null;
  message?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One answer that the agent offers; `kind` is allow_once, allow_always, reject_once or reject_always. */
export interface PermissionOptionData {
  id: string;
  label: string;
  kind: string;
}

/** The agent's whole plan; the latest one wins. */
export interface Plan {
  type: "plan";
  message_id: string;
  part: number;
  entries: PlanEntryData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One step of a plan. */
export interface PlanEntryData {
  text: string;
  status: PlanStatus;
}

/** The agent wants to know something, or what it was told; the latest one of a part wins. */
export interface Question {
  type: "question";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "answered" | "asked" | "cancelled" | "refused";
  questions: QuestionData[];
  answers?: string[][];
  tool_part?: number | null;
  decided_by?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One question; without choices the answer is free text. */
export interface QuestionData {
  text: string;
  header?: string;
  choices?: string[];
  multiple?: boolean;
}

/** A task of the session entered or left the queue, or waits with another prompt or at another place. */
export interface QueueChanged {
  type: "queue_changed";
  task_id: string;
  state: "cancelled" | "completed" | "failed" | "interrupted" | "pending" | "running" | "timed_out";
  pending: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** More reasoning of part `part` of a message, standing at `offset` (code points). */
export interface ReasoningDelta {
  type: "reasoning_delta";
  message_id: string;
  part: number;
  offset: number;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Frames were dropped for this client because it was too slow: subscribe again after the last `seq` it has. */
export interface Resync {
  type: "resync";
  reason: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** How the person's review of a change stands: units by verdict, and remarks that wait to be sent. */
export interface ReviewChanged {
  type: "review_changed";
  change_id: string;
  accepted?: number;
  rejected?: number;
  open?: number;
  unsent_comments?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The whole present state of a tool call; the latest one of a part wins. */
export interface ToolCall {
  type: "tool_call";
  message_id: string;
  part: number;
  name: string;
  kind: ToolKind;
  title: string;
  status: ToolStatus;
  input?: string;
  input_chars?: number;
  output?: string;
  output_chars?: number;
  exit_code?: number | null;
  locations?: LocationData[];
  diffs?: FileDiffData[];
  parent?: number | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The one terminal frame of a turn: how it ended, why, and what to do. */
export interface TurnEnded {
  type: "turn_ended";
  task_id: string;
  chat_id: string;
  outcome: "cancelled" | "completed" | "failed" | "interrupted" | "timed_out";
  code?: string;
  text?: string;
  cure?: string;
  epoch?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A task became a turn. */
export interface TurnStarted {
  type: "turn_started";
  task_id: string;
  chat_id: string;
  agent: string;
  model?: string | null;
  mode?: string | null;
  epoch?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Tokens and cost of the turn so far. */
export interface Usage {
  type: "usage";
  task_id: string;
  input_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  cache_read_tokens?: number;
  cache_write_tokens?: number;
  cost_usd?: number;
  context_tokens?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

export type Frame =
  | TurnStarted
  | MessageStarted
  | Delta
  | ReasoningDelta
  | ToolCall
  | Plan
  | AgentCommands
  | Usage
  | Notice
  | Permission
  | Question
  | ChangeUpdated
  | ReviewChanged
  | MessageComplete
  | TurnEnded
  | QueueChanged
  | Resync;

export type SocketRequest =
  | Subscribe
  | Unsubscribe
  | WatchAgents
  | UnwatchAgents
  | WatchSessions
  | UnwatchSessions
  | Ping;

export type SocketAnswer =
  | Subscribed
  | Unsubscribed
  | AgentsNews
  | AgentsUnwatched
  | SessionsNews
  | SessionsUnwatched
  | Pong
  | SocketError;

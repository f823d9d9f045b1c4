// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { FileDiff, Location, NoticeLevel, PermissionOption, PlanEntry, Question, SlashCommand, ToolKind, ToolStatus } from "./agent_event";
import type { AgentsNews, AgentsUnwatched, Ping, Pong, SessionsNews, SessionsUnwatched, SocketError, Subscribe, Subscribed, Unsubscribe, Unsubscribed, UnwatchAgents, UnwatchSessions, WatchAgents, WatchSessions } from "./socket_messages";

/** The slash commands that the chat's agent offers now. */
export interface AgentCommandsFrame {
  type: "agent_commands";
  chat_id: string;
  agent: string;
  commands: SlashCommand[];
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

/** All that had happened when the subscription began has been sent; what follows happens now. */
export interface CaughtUpFrame {
  type: "caught_up";
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The session's change moved: a new pending one, or the old one superseded, withdrawn, applied, rejected. */
export interface ChangeUpdatedFrame {
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
export interface DeltaFrame {
  type: "delta";
  message_id: string;
  part: number;
  offset: number;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** No more parts of this message will come. `status` is not `complete` where its turn did not complete. */
export interface MessageCompleteFrame {
  type: "message_complete";
  message_id: string;
  chat_id: string;
  status: "cancelled" | "complete" | "failed" | "interrupted" | "timed_out";
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A message begins. A user's message comes whole, in `text`, with the files that were sent with it. */
export interface MessageStartedFrame {
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
export interface NoticeFrame {
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
export interface PermissionFrame {
  type: "permission";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "allowed" | "asked" | "cancelled" | "refused";
  tool: string;
  title: string;
  argument: string;
  options?: PermissionOption[];
  tool_part?: number | null;
  decided_by?: string;
  rule_id?: string | null;
  message?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The agent's whole plan; the latest one wins. */
export interface PlanFrame {
  type: "plan";
  message_id: string;
  part: number;
  entries: PlanEntry[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** What a running turn waits for just now; live only, and over as soon as anything else comes of the turn. */
export interface ProgressFrame {
  type: "progress";
  task_id: string;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A question of the agent, or its answer; the latest one of a part wins. */
export interface QuestionFrame {
  type: "question";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "answered" | "asked" | "cancelled" | "refused";
  questions: Question[];
  answers?: string[][];
  tool_part?: number | null;
  decided_by?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A task of the session entered or left the queue, or waits with another prompt or at another place. */
export interface QueueChangedFrame {
  type: "queue_changed";
  task_id: string;
  state: "cancelled" | "completed" | "failed" | "interrupted" | "pending" | "running" | "timed_out";
  pending: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** More reasoning of part `part` of a message, standing at `offset` (code points). */
export interface ReasoningDeltaFrame {
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
export interface ResyncFrame {
  type: "resync";
  reason: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** State of a change's review: units by verdict, and comments not sent yet. */
export interface ReviewChangedFrame {
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

/** A person's message to a turn that runs; the latest one of a `steer_id` wins. */
export interface SteerFrame {
  type: "steer";
  steer_id: string;
  task_id: string;
  state: "confirmed" | "delivered" | "reserved" | "returned" | "unconfirmed" | "withdrawn";
  text: string;
  sent_by: "api" | "cli" | "page";
  message_id?: string | null;
  part?: number | null;
  queued_task_id?: string | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The whole present state of a tool call; the latest one of a part wins. */
export interface ToolCallFrame {
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
  locations?: Location[];
  diffs?: FileDiff[];
  parent?: number | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** The one terminal frame of a turn: how it ended, why, and what to do. */
export interface TurnEndedFrame {
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
export interface TurnStartedFrame {
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
export interface UsageFrame {
  type: "usage";
  task_id: string;
  input_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  cache_read_tokens?: number;
  cache_write_tokens?: number;
  cost_usd?: number;
  context_tokens?: number;
  tokens_per_s?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

export type Frame =
  | TurnStartedFrame
  | MessageStartedFrame
  | DeltaFrame
  | ReasoningDeltaFrame
  | ToolCallFrame
  | PlanFrame
  | AgentCommandsFrame
  | UsageFrame
  | ProgressFrame
  | NoticeFrame
  | PermissionFrame
  | QuestionFrame
  | SteerFrame
  | ChangeUpdatedFrame
  | ReviewChangedFrame
  | MessageCompleteFrame
  | TurnEndedFrame
  | QueueChangedFrame
  | CaughtUpFrame
  | ResyncFrame;

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

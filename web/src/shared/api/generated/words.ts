// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** A slash command of an agent; `name` is without the slash. */
export interface AgentCommand {
  name: string;
  description: string;
}

/** One agent on one host. */
export interface AgentInfo {
  name: string;
  backend: string;
  state: AgentState;
  reason: string;
  cure: string;
  version: string;
  program: string;
  models: string[];
  modes: string[];
  default_model: string | null;
  thinking: string[];
  default_mode: string | null;
  commands: AgentCommand[];
  title: string;
  transport: Transport | null;
  tried: boolean;
  signed_in: boolean | null;
  install: string;
  login: string;
  steering: boolean;
  model_details: ModelDetails[];
  mcp_servers: McpServerUse[];
  changed_at: string | null;
}

/** `loading` while the first probe runs; the others carry a reason. */
export type AgentState = "error" | "loading" | "ready" | "unavailable";

/** Where a change is put. */
export type ApplyTarget = "branch" | "checkout" | "commit";

/** pending -> superseded (a later turn) | withdrawn (the agent reverted all) | applied | rejected. */
export type ChangeState = "applied" | "pending" | "rejected" | "superseded" | "withdrawn";

/** Who decided. */
export type Decider = "person" | "rule" | "timeout" | "turn";

/** What a person may say: the first three to a permission, the last two to a question. */
export type Decision = "allow" | "allow_session" | "refuse" | "answer" | "dismiss";

/** What became of telling one webhook of one event. */
export type DeliveryState = "cancelled" | "delivered" | "failed" | "waiting";

/** How far a published branch is; 0037_forges.sql has the allowed moves. */
export type FollowState = "closed" | "merged" | "publishing" | "stopped" | "watching" | "working";

/** What a round can answer. */
export type ForgeEventKind = "base" | "ci" | "comment" | "gate" | "review";

/** A model server that runs and is not used. */
export interface FoundServer {
  kind: string;
  name: string;
  base_url: string;
  models: string[];
}

export type JsonValue = unknown;

/** What became of a configured MCP server with one agent. */
export interface McpServerUse {
  name: string;
  transport: McpTransport;
  given: boolean;
  reason: string;
}

/** How a server is reached. */
export type McpTransport = "http" | "stdio";

/** Author of a message. */
export type MessageRole = "assistant" | "user";

/** `streaming` while its turn runs; afterwards how the turn ended. A failed turn never reads as complete. */
export type MessageStatus = "cancelled" | "complete" | "failed" | "interrupted" | "streaming" | "timed_out";

/** One model of a model server, as far as the server says. */
export interface ModelDetails {
  id: string;
  label: string;
  context_tokens: number;
  slots: number;
  trained_tokens: number;
  tools: boolean | null;
  images: boolean | null;
  loaded: boolean | null;
  idle_unload_s: number;
  unloads: boolean;
  warning: string;
  cure: string;
}

/** Kind of a message part. */
export type PartKind = "notice" | "permission" | "plan" | "question" | "reasoning" | "steer" | "text" | "tool_call";

/** What the agent wants. */
export type PermissionKind = "permission" | "question";

/** asked -> allowed | refused (a permission), answered | refused (a question: dismissed), or cancelled. */
export type PermissionState = "allowed" | "answered" | "asked" | "cancelled" | "refused";

/** What a rule does with a request that it matches. */
export type RuleAction = "allow" | "ask" | "deny";

/** A rule file that is there, and whether it is in force. */
export interface RuleFileUse {
  path: string;
  owner: RuleOwner;
  kind: RuleKind;
  read_by: RuleReader;
  size_bytes: number;
  in_force: boolean;
  trusted: boolean | null;
  reason: string;
}

/** What the file does. */
export type RuleKind = "runs" | "words";

/** Whose file it is. */
export type RuleOwner = "person" | "project";

/** Who reads the file for the model. */
export type RuleReader = "agent" | "boocoder";

/** What sessions of a list have in common. */
export type SessionActivity = "waiting" | "running" | "active";

/** An archived session takes no tasks. */
export type SessionState = "archived" | "open";

/** Why a snapshot was taken. */
export type SnapshotKind = "apply" | "before_removal" | "before_rewind" | "before_undo" | "before_update" | "changed" | "fork" | "interrupted" | "manual" | "takeover" | "turn_end" | "turn_start";

/** Where a person wrote a message. */
export type SteerSender = "api" | "cli" | "page";

/** reserved -> delivered | withdrawn | returned; delivered -> confirmed | returned | unconfirmed. */
export type SteerState = "confirmed" | "delivered" | "reserved" | "returned" | "unconfirmed" | "withdrawn";

/** Who started a task. */
export type TaskOrigin = "agent" | "hook" | "person" | "token";

/** pending -> running -> one final state; pending -> cancelled; running -> pending only if the prompt was never sent. The database holds the same set (0001_init.sql). */
export type TaskState = "cancelled" | "completed" | "failed" | "interrupted" | "pending" | "running" | "timed_out";

/** Which text of a part: what an agent said, or the input or output of a tool. */
export type TextField = "text" | "input" | "output";

/** What a token may be used for. */
export type TokenScope = "answer" | "full" | "read" | "start";

/** How an agent is driven, in order of preference. */
export type Transport = "acp" | "builtin" | "oneshot" | "server" | "stream";

/** A person's decision on one unit; a unit without one is open. */
export type Verdict = "accepted" | "rejected";

/** Names of events, as in `type` of a webhook's message. */
export type WebhookEvent = "turn.completed" | "turn.failed" | "turn.cancelled" | "turn.interrupted" | "turn.timed_out" | "permission.asked" | "question.asked" | "change.updated" | "change.applied";

/** making -> ready -> removing -> gone -> ready again, when its session goes on. */
export type WorktreeState = "gone" | "making" | "ready" | "removing";

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Snapshot semantics: `loading` while the first probe runs; the others carry a reason in words. */
export type AgentState = "loading" | "ready" | "unavailable" | "error";

/** Where a change is put. */
export type ApplyTarget = "checkout" | "commit" | "branch";

/** pending -> superseded (a later turn) | withdrawn (the agent reverted all) | applied | rejected. */
export type ChangeState = "pending" | "superseded" | "withdrawn" | "applied" | "rejected";

/** Who decided. */
export type Decider = "person" | "rule" | "timeout" | "turn";

/** What a person may say: the first three to a permission, the last two to a question. */
export type Decision = "allow" | "allow_session" | "refuse" | "answer" | "dismiss";

export interface HTTPValidationError {
  detail?: ValidationError[];
}

export type JsonValue = unknown;

/** Who said it. */
export type MessageRole = "user" | "assistant";

/** `streaming` while its turn runs; afterwards how the turn ended. A failed turn never reads as complete. */
export type MessageStatus = "streaming" | "complete" | "failed" | "cancelled" | "interrupted" | "timed_out";

/** What a part of a message holds. */
export type PartKind = "text" | "reasoning" | "tool_call" | "plan" | "permission" | "question" | "notice";

/** What the agent wants. */
export type PermissionKind = "permission" | "question";

/** asked -> allowed | refused (a permission), answered | refused (a question: dismissed), or cancelled. */
export type PermissionState = "asked" | "allowed" | "refused" | "answered" | "cancelled";

/** What a rule does with a request that it matches. */
export type RuleAction = "allow" | "deny" | "ask";

/** An archived session takes no tasks. */
export type SessionState = "open" | "archived";

/** Why a snapshot was taken. */
export type SnapshotKind = "turn_end" | "interrupted" | "apply" | "manual" | "turn_start" | "before_rewind" | "before_undo" | "before_update" | "changed" | "before_removal" | "fork";

/** What a name stands for. */
export type StartKind = "branch" | "tag" | "remote" | "commit";

/** pending -> running -> one final state; pending -> cancelled; running -> pending only if the prompt was never sent. The database holds the same set (0001_init.sql). */
export type TaskState = "pending" | "running" | "completed" | "failed" | "cancelled" | "interrupted" | "timed_out";

/** Which text of a part: what an agent said, or the input or output of a tool. */
export type TextField = "text" | "input" | "output";

/** How an agent is driven, in the order in which one is taken where an agent has several. */
export type Transport = "server" | "acp" | "stream" | "oneshot" | "builtin";

export interface ValidationError {
  loc: (string | number)[];
  msg: string;
  type: string;
  input?: unknown;
  ctx?: Record<string, unknown>;
}

/** A person's decision on one unit; a unit without one is open. */
export type Verdict = "accepted" | "rejected";

/** making -> ready -> removing -> gone -> ready again, when its session goes on. */
export type WorktreeState = "making" | "ready" | "removing" | "gone";

/** How much a person should care. */
export type NoticeLevel = "info" | "warning";

/** State of one entry of a plan. */
export type PlanStatus = "cancelled" | "completed" | "in_progress" | "pending";

/** What a tool does, for the screen (the vocabulary of ACP). */
export type ToolKind = "agent" | "delete" | "edit" | "execute" | "fetch" | "move" | "other" | "read" | "search" | "think";

/** Only ever moves forward: pending -> running -> completed | failed | cancelled. */
export type ToolStatus = "cancelled" | "completed" | "failed" | "pending" | "running";

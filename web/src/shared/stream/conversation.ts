// What a session's frames amount to: messages with their parts, turns, the queue and the change.
import type { AgentCommandsFrame, AttachmentData, ChangeUpdatedFrame, NoticeFrame, PermissionFrame, PlanFrame, QuestionFrame, QueueChangedFrame, ReviewChangedFrame, SteerFrame, ToolCallFrame, TurnEndedFrame, UsageFrame } from "../api/generated";

export interface TextPart {
  kind: "text" | "reasoning";
  part: number;
  text: string;
  /** Code points of `text`. */
  points: number;
  /** When its first and newest piece arrived, milliseconds; 0 for replayed text. */
  began: number;
  newest: number;
}
type ToolPart = { kind: "tool_call"; part: number; frame: ToolCallFrame };
type PlanPart = { kind: "plan"; part: number; frame: PlanFrame };
type PermissionPart = { kind: "permission"; part: number; frame: PermissionFrame };
type QuestionPart = { kind: "question"; part: number; frame: QuestionFrame };
type NoticePart = { kind: "notice"; part: number; frame: NoticeFrame };
type SteerPart = { kind: "steer"; part: number; frame: SteerFrame };
export type Part = TextPart | ToolPart | PlanPart | PermissionPart | QuestionPart | NoticePart | SteerPart;

export type MessageStatus = "streaming" | "complete" | "failed" | "cancelled" | "interrupted" | "timed_out";

export interface Message {
  kind: "message";
  id: string;
  chatId: string;
  taskId: string;
  role: "user" | "assistant";
  /** A user's whole prompt, and its attachments. */
  text: string;
  attachments: readonly AttachmentData[];
  status: MessageStatus;
  parts: readonly Part[];
  at: number;
}

/** A notice outside of messages. */
interface Aside {
  kind: "aside";
  id: string;
  frame: NoticeFrame;
}

/** A change that was applied or rejected. */
interface Decision {
  kind: "decision";
  id: string;
  frame: ChangeUpdatedFrame;
}

export type Item = Message | Aside | Decision;

export interface Turn {
  taskId: string;
  chatId: string;
  agent: string;
  model: string | null;
  mode: string | null;
  /** Unix seconds. */
  startedAt: number;
  endedAt: number | null;
  end: TurnEndedFrame | null;
  usage: UsageFrame | null;
  /** What it waits for just now, "" as soon as anything else comes of it. */
  progress: string;
}

export interface Conversation {
  lastSeq: number;
  items: readonly Item[];
  turns: ReadonlyMap<string, Turn>;
  /** The newest slash commands of each chat's agent. */
  commands: ReadonlyMap<string, AgentCommandsFrame>;
  change: ChangeUpdatedFrame | null;
  review: ReviewChangedFrame | null;
  queue: QueueChangedFrame | null;
  /** Messages that wait for the running turn, oldest first. */
  steers: readonly SteerFrame[];
}

export function emptyConversation(): Conversation {
  return { lastSeq: 0, items: [], turns: new Map(), commands: new Map(), change: null, review: null, queue: null, steers: [] };
}

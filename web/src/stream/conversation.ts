// What a session's frames come to: messages with their parts, turns, the queue and the change. Pure; no I/O.
// Text is kept by the rule of docs/frames.md: offsets count code points, and what is known already is dropped.
import type {
  AgentCommands,
  AttachmentData,
  ChangeUpdated,
  Delta,
  Frame,
  Notice,
  Permission,
  Plan,
  Question,
  QueueChanged,
  ReasoningDelta,
  ReviewChanged,
  ToolCall,
  TurnEnded,
  TurnStarted,
  Usage,
} from "../api/generated";

export interface TextPart {
  kind: "text" | "reasoning";
  part: number;
  text: string;
  /** Code points of `text`. */
  points: number;
  /** When its first and newest piece came, milliseconds; 0 for what was replayed. */
  began: number;
  newest: number;
}
type ToolPart = { kind: "tool_call"; part: number; frame: ToolCall };
type PlanPart = { kind: "plan"; part: number; frame: Plan };
type PermissionPart = { kind: "permission"; part: number; frame: Permission };
type QuestionPart = { kind: "question"; part: number; frame: Question };
type NoticePart = { kind: "notice"; part: number; frame: Notice };
export type Part = TextPart | ToolPart | PlanPart | PermissionPart | QuestionPart | NoticePart;

export type MessageStatus = "streaming" | "complete" | "failed" | "cancelled" | "interrupted" | "timed_out";

export interface Message {
  kind: "message";
  id: string;
  chatId: string;
  taskId: string;
  role: "user" | "assistant";
  /** A user's whole prompt, and the files that were sent with it. */
  text: string;
  attachments: readonly AttachmentData[];
  status: MessageStatus;
  parts: readonly Part[];
  at: number;
}

/** Something told beside the messages. */
interface Aside {
  kind: "aside";
  id: string;
  frame: Notice;
}

export type Item = Message | Aside;

export interface Turn {
  taskId: string;
  chatId: string;
  agent: string;
  model: string | null;
  mode: string | null;
  /** Unix seconds. */
  startedAt: number;
  endedAt: number | null;
  end: TurnEnded | null;
  usage: Usage | null;
}

export interface Conversation {
  lastSeq: number;
  items: readonly Item[];
  turns: ReadonlyMap<string, Turn>;
  /** Of each chat, the newest slash commands of its agent. */
  commands: ReadonlyMap<string, AgentCommands>;
  change: ChangeUpdated | null;
  review: ReviewChanged | null;
  queue: QueueChanged | null;
}

export function emptyConversation(): Conversation {
  return { lastSeq: 0, items: [], turns: new Map(), commands: new Map(), change: null, review: null, queue: null };
}

/** Folds frames in place between two snapshots; `snapshot` gives a value in which only what changed is new. */
export class Fold {
  private lastSeq = 0;
  private items: Item[] = [];
  private places = new Map<string, number>();
  private turns = new Map<string, Turn>();
  private commands = new Map<string, AgentCommands>();
  private change: ChangeUpdated | null = null;
  private review: ReviewChanged | null = null;
  private queue: QueueChanged | null = null;
  private readonly dirty = new Set<number>();

  get after(): number {
    return this.lastSeq;
  }

  /** Take one frame.
   *
   * @param now milliseconds; 0 while history is replayed.
   */
  take(frame: Frame, now = 0): void {
    if (frame.seq != null) {
      if (frame.seq <= this.lastSeq && frame.type !== "delta" && frame.type !== "reasoning_delta") return;
      this.lastSeq = Math.max(this.lastSeq, frame.seq);
    }
    switch (frame.type) {
      case "turn_started":
        return this.begin(frame);
      case "message_started":
        return this.open({
          kind: "message",
          id: frame.message_id,
          chatId: frame.chat_id,
          taskId: frame.task_id,
          role: frame.role,
          text: frame.text ?? "",
          attachments: frame.attachments ?? [],
          status: frame.role === "user" ? "complete" : "streaming",
          parts: [],
          at: frame.at ?? 0,
        });
      case "delta":
        return this.append(frame, "text", now);
      case "reasoning_delta":
        return this.append(frame, "reasoning", now);
      case "tool_call":
      case "plan":
      case "permission":
      case "question":
        return this.put(frame.message_id, { kind: frame.type, part: frame.part, frame } as Part);
      case "notice":
        return this.notice(frame);
      case "message_complete":
        return this.update(frame.message_id, (message) => ({ ...message, status: frame.status }));
      case "turn_ended":
        return this.end(frame);
      case "usage":
        return this.turn(frame.task_id, { usage: frame });
      case "agent_commands":
        this.commands = new Map(this.commands).set(frame.chat_id, frame);
        return;
      case "change_updated":
        this.change = frame;
        return;
      case "review_changed":
        this.review = frame;
        return;
      case "queue_changed":
        this.queue = frame;
        return;
      default:
        return; // of a newer service
    }
  }

  /** The present state. What did not change since the last snapshot is the same object. */
  snapshot(): Conversation {
    this.dirty.clear();
    const { lastSeq, items, turns, commands, change, review, queue } = this;
    return { lastSeq, items, turns, commands, change, review, queue };
  }

  private begin(frame: TurnStarted): void {
    this.turns = new Map(this.turns).set(frame.task_id, {
      taskId: frame.task_id,
      chatId: frame.chat_id,
      agent: frame.agent,
      model: frame.model ?? null,
      mode: frame.mode ?? null,
      startedAt: frame.at ?? 0,
      endedAt: null,
      end: null,
      usage: null,
    });
  }

  private end(frame: TurnEnded): void {
    this.turn(frame.task_id, { end: frame, endedAt: frame.at ?? 0 });
  }

  private turn(taskId: string, news: Partial<Turn>): void {
    const turn = this.turns.get(taskId);
    if (turn) this.turns = new Map(this.turns).set(taskId, { ...turn, ...news });
  }

  private open(message: Message): void {
    if (this.places.has(message.id)) return;
    this.places.set(message.id, this.items.length);
    this.items = [...this.items, message];
  }

  private notice(frame: Notice): void {
    if (frame.message_id != null && frame.part != null) {
      return this.put(frame.message_id, { kind: "notice", part: frame.part, frame });
    }
    this.items = [...this.items, { kind: "aside", id: `aside-${frame.seq ?? this.items.length}`, frame }];
  }

  private put(messageId: string, part: Part): void {
    this.mutate(messageId, (parts) => insert(parts, part));
  }

  private append(frame: Delta | ReasoningDelta, kind: "text" | "reasoning", now: number): void {
    this.mutate(frame.message_id, (parts) => {
      const found = parts.findLast((one) => one.part === frame.part);
      if (!found) {
        if (frame.offset === 0) {
          const points = countPoints(frame.text);
          insert(parts, { kind, part: frame.part, text: frame.text, points, began: now, newest: now });
        }
        return;
      }
      if (found.kind === "text" || found.kind === "reasoning") extend(found, frame.offset, frame.text, now);
    });
  }

  /** Change a message's parts; the first change after a snapshot works on a copy, further ones in place. */
  private mutate(messageId: string, change: (parts: Part[]) => void): void {
    const place = this.places.get(messageId);
    const item = place === undefined ? undefined : this.items[place];
    if (place === undefined || item?.kind !== "message") return;
    if (!this.dirty.has(place)) {
      if (this.dirty.size === 0) this.items = this.items.slice(); // the last snapshot has the old list
      this.items[place] = { ...item, parts: item.parts.map(copied) };
      this.dirty.add(place);
    }
    change((this.items[place] as Message).parts as Part[]);
  }

  private update(messageId: string, change: (message: Message) => Message): void {
    const place = this.places.get(messageId);
    const item = place === undefined ? undefined : this.items[place];
    if (place === undefined || item?.kind !== "message") return;
    this.items = this.items.slice();
    this.items[place] = change(item);
  }
}

/** Text grows in place, so the parts that may grow are copied with their message. */
function copied(part: Part): Part {
  return part.kind === "text" || part.kind === "reasoning" ? { ...part } : part;
}

function insert(parts: Part[], part: Part): void {
  const at = parts.findIndex((one) => one.part >= part.part);
  if (at < 0) parts.push(part);
  else if (parts[at]?.part === part.part) parts[at] = part;
  else parts.splice(at, 0, part);
}

/** `text = text[:offset] + piece`, where `offset` is not past the end; offsets count code points. */
function extend(part: TextPart, offset: number, piece: string, now: number): void {
  if (offset > part.points) return; // a gap: what is missing comes again with the history
  const points = countPoints(piece);
  if (offset + points <= part.points) return;
  part.text += offset === part.points ? piece : slicePoints(piece, part.points - offset);
  part.points = offset + points;
  part.newest = now || part.newest;
}

export function countPoints(text: string): number {
  let points = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && at + 1 < text.length) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        points--;
        at++;
      }
    }
  }
  return points;
}

function slicePoints(text: string, from: number): string {
  return Array.from(text).slice(from).join("");
}

// Folds frames into a conversation; no I/O. Text follows docs/frames.md: offsets count code points, and text that is
// already known is dropped.
import type { AgentCommandsFrame, ChangeUpdatedFrame, DeltaFrame, Frame, NoticeFrame, QueueChangedFrame, ReasoningDeltaFrame, ReviewChangedFrame, SteerFrame, TurnEndedFrame, TurnStartedFrame } from "../api/generated";
import type { Conversation, Item, Message, Part, Turn } from "./conversation";
import { countPoints, extendText } from "./textPart";

/** Folds frames in place between two snapshots; in a snapshot only changed objects are new. */
export class Fold {
  private lastSeq = 0;
  private items: Item[] = [];
  private places = new Map<string, number>();
  private turns = new Map<string, Turn>();
  private commands = new Map<string, AgentCommandsFrame>();
  private change: ChangeUpdatedFrame | null = null;
  private review: ReviewChangedFrame | null = null;
  private queue: QueueChangedFrame | null = null;
  private steers: readonly SteerFrame[] = [];
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
      case "steer":
        return this.steer(frame);
      case "message_complete":
        return this.update(frame.message_id, (message) => ({ ...message, status: frame.status }));
      case "turn_ended":
        return this.end(frame);
      case "usage":
        return this.turn(frame.task_id, { usage: frame, progress: "" });
      case "progress":
        return this.turn(frame.task_id, { progress: frame.text });
      case "agent_commands":
        this.commands = new Map(this.commands).set(frame.chat_id, frame);
        return;
      case "change_updated":
        this.change = frame;
        return this.decided(frame);
      case "review_changed":
        this.review = frame;
        return;
      case "queue_changed":
        this.queue = frame;
        return;
      default:
        return; // a frame of a newer service
    }
  }

  /** The current state. Objects unchanged since the last snapshot keep their identity. */
  snapshot(): Conversation {
    this.dirty.clear();
    const { lastSeq, items, turns, commands, change, review, queue, steers } = this;
    return { lastSeq, items, turns, commands, change, review, queue, steers };
  }

  private begin(frame: TurnStartedFrame): void {
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
      progress: "",
    });
  }

  private end(frame: TurnEndedFrame): void {
    this.turn(frame.task_id, { end: frame, endedAt: frame.at ?? 0, progress: "" });
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

  private notice(frame: NoticeFrame): void {
    if (frame.message_id != null && frame.part != null) {
      return this.put(frame.message_id, { kind: "notice", part: frame.part, frame });
    }
    this.items = [...this.items, { kind: "aside", id: `aside-${frame.seq ?? this.items.length}`, frame }];
  }

  private decided(frame: ChangeUpdatedFrame): void {
    if (frame.state !== "applied" && frame.state !== "rejected") return;
    this.items = [...this.items, { kind: "decision", id: `decision-${frame.seq ?? this.items.length}`, frame }];
  }

  /** A message to the running turn: it waits, or stands where the agent got it. */
  private steer(frame: SteerFrame): void {
    const others = this.steers.filter((one) => one.steer_id !== frame.steer_id);
    if (frame.state === "reserved") this.steers = [...others, frame];
    else if (others.length < this.steers.length) this.steers = others;
    if (frame.message_id != null && frame.part != null) this.put(frame.message_id, { kind: "steer", part: frame.part, frame });
  }

  private put(messageId: string, part: Part): void {
    this.mutate(messageId, (parts) => insert(parts, part));
  }

  private append(frame: DeltaFrame | ReasoningDeltaFrame, kind: "text" | "reasoning", now: number): void {
    this.mutate(frame.message_id, (parts) => {
      const found = parts.findLast((one) => one.part === frame.part);
      if (!found) {
        if (frame.offset === 0) {
          const points = countPoints(frame.text);
          insert(parts, { kind, part: frame.part, text: frame.text, points, began: now, newest: now });
        }
        return;
      }
      if (found.kind === "text" || found.kind === "reasoning") extendText(found, frame.offset, frame.text, now);
    });
  }

  /** Change a message's parts: on a copy the first time after a snapshot, then in place. */
  private mutate(messageId: string, change: (parts: Part[]) => void): void {
    this.heard(messageId);
    const place = this.places.get(messageId);
    const item = place === undefined ? undefined : this.items[place];
    if (place === undefined || item?.kind !== "message") return;
    if (!this.dirty.has(place)) {
      if (this.dirty.size === 0) this.items = this.items.slice(); // the last snapshot keeps the old list
      this.items[place] = { ...item, parts: item.parts.map(copied) };
      this.dirty.add(place);
    }
    change((this.items[place] as Message).parts as Part[]);
  }

  /** Something came of the message's turn: what it waited for is over. */
  private heard(messageId: string): void {
    const place = this.places.get(messageId);
    const item = place === undefined ? undefined : this.items[place];
    if (item?.kind === "message" && this.turns.get(item.taskId)?.progress) this.turn(item.taskId, { progress: "" });
  }

  private update(messageId: string, change: (message: Message) => Message): void {
    const place = this.places.get(messageId);
    const item = place === undefined ? undefined : this.items[place];
    if (place === undefined || item?.kind !== "message") return;
    this.items = this.items.slice();
    this.items[place] = change(item);
  }
}

/** Text parts grow in place, so they are copied with their message. */
function copied(part: Part): Part {
  return part.kind === "text" || part.kind === "reasoning" ? { ...part } : part;
}

function insert(parts: Part[], part: Part): void {
  const at = parts.findIndex((one) => one.part >= part.part);
  if (at < 0) parts.push(part);
  else if (parts[at]?.part === part.part) parts[at] = part;
  else parts.splice(at, 0, part);
}

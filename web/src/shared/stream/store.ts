// The conversation of every shown session; notifies React at most once per screen frame.
import { useSyncExternalStore } from "react";
import type { Frame } from "../api/generated";
import { type Conversation, emptyConversation } from "./conversation";
import { Fold } from "./fold";
import { Connection, type ConnectionState } from "./socket";

const KEEP_MS = 60_000; // a closed session stays subscribed this long, so that going back is instant

/** One session's stream, shared by all its viewers. */
class Stream {
  conversation: Conversation = emptyConversation();
  private fold = new Fold();
  private readonly listeners = new Set<() => void>();
  private readonly taps = new Set<(frame: Frame) => void>();
  private scheduled = false;
  private leave: (() => void) | null = null;
  private leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly sessionId: string,
    private readonly connection: Connection,
  ) {}

  listen = (listener: () => void): (() => void) => {
    clearTimeout(this.leaving);
    this.listeners.add(listener);
    this.leave ??= this.connection.subscribe(this.sessionId, {
      after: () => this.fold.after,
      take: (frame) => this.take(frame),
      forget: () => this.forget(),
    });
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.leaving = setTimeout(() => this.drop(), KEEP_MS);
    };
  };

  /** Receive every frame before it is shown. */
  tap(listener: (frame: Frame) => void): () => void {
    this.taps.add(listener);
    return () => this.taps.delete(listener);
  }

  private take(frame: Frame): void {
    this.fold.take(frame, frame.seq == null ? performance.now() : 0);
    for (const tap of this.taps) tap(frame);
    this.schedule();
  }

  private forget(): void {
    this.fold = new Fold();
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // A hidden page gets no animation frames, but its title and notifications must stay current.
    if (document.visibilityState === "hidden") setTimeout(this.flush, 200);
    else requestAnimationFrame(this.flush);
  }

  private flush = (): void => {
    this.scheduled = false;
    this.conversation = this.fold.snapshot();
    for (const listener of this.listeners) listener();
  };

  private drop(): void {
    this.leave?.();
    this.leave = null;
  }
}

const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/stream`;
export const connection = new Connection(url);
const streams = new Map<string, Stream>();

function streamOf(sessionId: string): Stream {
  let stream = streams.get(sessionId);
  if (!stream) streams.set(sessionId, (stream = new Stream(sessionId, connection)));
  return stream;
}

/** The conversation of a session, live. */
export function useConversation(sessionId: string): Conversation {
  const stream = streamOf(sessionId);
  return useSyncExternalStore(stream.listen, () => stream.conversation);
}

/** Receive every frame of a shown session. */
export function tapFrames(sessionId: string, listener: (frame: Frame) => void): () => void {
  return streamOf(sessionId).tap(listener);
}

/** Whether the page is connected. */
export function useConnectionState(): ConnectionState {
  return useSyncExternalStore(connection.onState, () => connection.state);
}

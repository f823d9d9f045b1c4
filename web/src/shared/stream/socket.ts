// One WebSocket for all shown sessions: it reconnects, detects a dead connection by missing pongs, and resumes each
// subscription after its newest number.
import type { AgentInfo, Frame, SocketAnswer, SocketRequest } from "../api/generated";

export type ConnectionState = "connecting" | "open" | "lost" | "signed_out";

interface Subscriber {
  /** The newest number received; read at every new connection. */
  after(): number;
  take(frame: Frame): void;
  /** The stream does not have that number: drop everything received. */
  forget(): void;
}

const PING_MS = 15_000;
const PONG_LIMIT_MS = 10_000;
const WAIT_MIN_MS = 250;
const WAIT_MAX_MS = 10_000;

export class Connection {
  state: ConnectionState = "connecting";
  private socket: WebSocket | null = null;
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly listeners = new Set<() => void>();
  private readonly agentListeners = new Set<(agents: AgentInfo[]) => void>();
  private readonly sessionListeners = new Set<(ids: readonly string[]) => void>();
  private readonly fresh = new Set<string>();
  private wait = WAIT_MIN_MS;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pings: ReturnType<typeof setInterval> | undefined;
  private pongDue: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly url: string) {}

  /** Connect, and stay connected. */
  start(): void {
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.connect();
  }

  subscribe(sessionId: string, subscriber: Subscriber): () => void {
    this.subscribers.set(sessionId, subscriber);
    this.ask(sessionId);
    return () => {
      if (this.subscribers.get(sessionId) !== subscriber) return;
      this.subscribers.delete(sessionId);
      this.send({ op: "unsubscribe", session_id: sessionId });
    };
  }

  /** Call `listener` when `state` changes. */
  onState = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Call `listener` with all agents whenever one changes. */
  onAgents(listener: (agents: AgentInfo[]) => void): () => void {
    this.agentListeners.add(listener);
    this.send({ op: "watch_agents" });
    return () => this.agentListeners.delete(listener);
  }

  /** Call `listener` with the ids of changed sessions; after a reconnect once with none, because any may have changed. */
  onSessions(listener: (ids: readonly string[]) => void): () => void {
    this.sessionListeners.add(listener);
    this.send({ op: "watch_sessions" });
    return () => this.sessionListeners.delete(listener);
  }

  private connect(): void {
    clearTimeout(this.retry);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (message) => this.received(String(message.data));
    socket.onclose = () => this.closed(socket);
  }

  private opened(): void {
    this.wait = WAIT_MIN_MS;
    this.setState("open");
    for (const sessionId of this.subscribers.keys()) this.ask(sessionId);
    if (this.agentListeners.size) this.send({ op: "watch_agents" });
    if (this.sessionListeners.size) this.send({ op: "watch_sessions" });
    clearInterval(this.pings);
    this.pings = setInterval(() => this.ping(), PING_MS);
  }

  private closed(socket: WebSocket): void {
    if (socket !== this.socket) return;
    clearInterval(this.pings);
    clearTimeout(this.pongDue);
    if (this.state !== "signed_out") this.setState("lost");
    this.later();
  }

  /** A request was refused for lack of the cookie; the socket gets nothing either until the cookie is back. */
  refused(): void {
    if (this.state === "signed_out") return;
    this.setState("signed_out");
    this.drop();
  }

  private later(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.again(), this.wait * (0.5 + Math.random()));
    this.wait = Math.min(WAIT_MAX_MS, this.wait * 2);
  }

  private async again(): Promise<void> {
    // A refused handshake looks like a lost connection; only a request reveals that the cookie has expired.
    const answer = await fetch("/api/health").catch(() => null);
    if (answer?.status !== 401) return this.connect();
    this.setState("signed_out");
    this.later();
  }

  /** Back from sleep or offline: reconnect without waiting for the timer. */
  private hurry = (): void => {
    if (document.visibilityState === "hidden") return;
    if (this.state === "lost") {
      this.wait = WAIT_MIN_MS;
      this.connect();
    } else if (this.state === "signed_out") void this.again();
    else if (this.state === "open") this.ping();
  };

  private ping(): void {
    this.send({ op: "ping" });
    clearTimeout(this.pongDue);
    this.pongDue = setTimeout(() => this.drop(), PONG_LIMIT_MS);
  }

  /** Drop a connection that does not answer; `close` alone may take a minute on a dead one. */
  private drop(): void {
    const socket = this.socket;
    if (!socket) return;
    socket.onclose = null;
    socket.close();
    this.closed(socket);
  }

  private received(text: string): void {
    const message = JSON.parse(text) as Frame | SocketAnswer;
    switch (message.type) {
      case "pong":
        clearTimeout(this.pongDue);
        return;
      case "subscribed":
        this.fresh.add(message.session_id);
        return;
      case "unsubscribed":
        return;
      case "error":
        console.warn(message.code, message.text);
        return;
      case "agents":
        for (const listener of this.agentListeners) listener(message.agents as AgentInfo[]);
        return;
      case "sessions":
        for (const listener of this.sessionListeners) listener(message.ids);
        return;
      case "resync":
        this.resync(message.session_id);
        return;
      default:
        if (!("session_id" in message) || message.session_id == null) return;
        this.fresh.delete(message.session_id);
        this.subscribers.get(message.session_id)?.take(message as Frame);
    }
  }

  private resync(sessionId: string): void {
    const subscriber = this.subscribers.get(sessionId);
    if (!subscriber) return;
    if (this.fresh.has(sessionId)) subscriber.forget();
    this.ask(sessionId);
  }

  private ask(sessionId: string): void {
    const subscriber = this.subscribers.get(sessionId);
    if (subscriber) this.send({ op: "subscribe", session_id: sessionId, after: subscriber.after() });
  }

  private send(request: SocketRequest): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  }

  private setState(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

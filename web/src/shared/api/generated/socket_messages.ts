// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { AgentInfo } from "./words";

/** Agents as GET /api/agents has them: all of them first, then those that changed. */
export interface AgentsNews {
  type: "agents";
  agents: AgentInfo[];
}

/** No more news of agents follows. */
export interface AgentsUnwatched {
  type: "agents_unwatched";
}

/** Answer with a pong. */
export interface Ping {
  op: "ping";
}

/** The answer to a ping. */
export interface Pong {
  type: "pong";
}

/** These sessions look different now; an empty list is the answer to the request itself. */
export interface SessionsNews {
  type: "sessions";
  ids: string[];
}

/** No more news of sessions follows. */
export interface SessionsUnwatched {
  type: "sessions_unwatched";
}

/** A message was refused; the connection stays. */
export interface SocketError {
  type: "error";
  code: string;
  text: string;
  cure?: string;
  session_id?: string | null;
}

/** Send the frames of a session with seq > `after`; replaces an earlier subscription to it. */
export interface Subscribe {
  op: "subscribe";
  session_id: string;
  after?: number;
}

/** The frames of the session with seq > `after` follow. */
export interface Subscribed {
  type: "subscribed";
  session_id: string;
  after: number;
}

/** Send no more frames of a session. */
export interface Unsubscribe {
  op: "unsubscribe";
  session_id: string;
}

/** No more frames of the session follow; `text` says why if it was not asked for. */
export interface Unsubscribed {
  type: "unsubscribed";
  session_id: string;
  text?: string;
}

/** Send no more news of agents. */
export interface UnwatchAgents {
  op: "unwatch_agents";
}

/** Name no more sessions. */
export interface UnwatchSessions {
  op: "unwatch_sessions";
}

/** Send what is known of every agent, and then each one that changes. */
export interface WatchAgents {
  op: "watch_agents";
}

/** Name sessions whose row in the list changed, whenever some did. */
export interface WatchSessions {
  op: "watch_sessions";
}

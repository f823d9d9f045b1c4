// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { DeliveryState, FollowState, ForgeEventKind, WebhookEvent } from "./words";

/** One event for one webhook. */
export interface DeliveryInfo {
  id: string;
  message_id: string;
  event: string;
  session_id: string | null;
  state: DeliveryState;
  tries: number;
  created_at: string;
  next_try_at: string | null;
  ended_at: string | null;
  status_code: number | null;
  error: string;
}

/** A session's published branch. */
export interface FollowInfo {
  session_id: string;
  project_id: string;
  repository: string;
  remote: string;
  branch: string;
  commit: string;
  base: string;
  url: string;
  number: number | null;
  state: FollowState;
  reason: string;
  detail: string;
  rounds: number;
  rounds_max: number;
  cost_usd: number;
  cost_max_usd: number;
  gate: string;
  reviewers: string[];
  task_id: string | null;
  ci: string;
  review: string;
  created_at: string;
  updated_at: string;
  waiting: number;
  gate_exit_code: number | null;
}

/** What a forge or a gate said of a published branch. */
export interface ForgeEventInfo {
  id: string;
  kind: ForgeEventKind;
  author: string;
  text: string;
  url: string;
  created_at: string;
  handled_at: string | null;
  round: number | null;
}

/** An address that starts a task for each delivery whose fields say what `conditions` want. */
export interface HookInfo {
  name: string;
  project_id: string;
  prompt: string;
  title: string | null;
  agent: string | null;
  model: string | null;
  mode: string | null;
  per_hour: number;
  enabled: boolean;
  created_at: string;
  tasks: number;
  last_task_at: string | null;
  conditions: Record<string, string>;
}

/** What came of a delivery to a hook. */
export interface HookResult {
  task_id: string | null;
  session_id: string | null;
  created: boolean;
  skipped: string;
}

/** A fresh hook with the secret that signs its deliveries, which is told this once. */
export interface NewHookInfo {
  name: string;
  project_id: string;
  prompt: string;
  title: string | null;
  agent: string | null;
  model: string | null;
  mode: string | null;
  per_hour: number;
  enabled: boolean;
  created_at: string;
  tasks: number;
  last_task_at: string | null;
  conditions: Record<string, string>;
  secret: string;
}

/** Add a webhook; `events` empty: all; `project_id` null: all projects. */
export interface NewWebhook {
  url: string;
  events?: WebhookEvent[];
  project_id?: string | null;
}

/** A fresh webhook with the secret that signs its messages, which is told this once. */
export interface NewWebhookInfo {
  id: string;
  url: string;
  events: string[];
  project_id: string | null;
  enabled: boolean;
  created_at: string;
  waiting: number;
  last_state: DeliveryState | null;
  last_at: string | null;
  last_error: string;
  secret: string;
}

/** A URL that is told of events: of which (empty: all), and of which project (None: all). */
export interface WebhookInfo {
  id: string;
  url: string;
  events: string[];
  project_id: string | null;
  enabled: boolean;
  created_at: string;
  waiting: number;
  last_state: DeliveryState | null;
  last_at: string | null;
  last_error: string;
}

/** Change a webhook; what is null stays. */
export interface WebhookPatch {
  url?: string | null;
  events?: WebhookEvent[] | null;
  enabled?: boolean | null;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { DeliveryState, WebhookEvent } from "./words";

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

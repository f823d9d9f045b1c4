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

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { Project } from "./projects";
import type { TokenScope } from "./words";

/** A browser that is signed in; `current`: it sent this request; `seen_at` is right within some minutes. */
export interface BrowserInfo {
  id: string;
  user_agent: string;
  peer: string;
  created_at: string;
  seen_at: string;
  ends_at: string;
  current: boolean;
}

/** The demo project, and a first task for it that the scripted agent can do. */
export interface DemoProject {
  project: Project;
  agent: string;
  title: string;
  prompt: string;
}

/** A machine and data directory that runs, or ran, boocoder on this database. */
export interface HostInfo {
  id: string;
  name: string;
  alive: boolean;
  preference: number;
  max_turns: number;
  drained_at: string | null;
  started_at: string;
  gone_at: string | null;
  sessions: number;
  running_tasks: number;
  pending_tasks: number;
  agents: string[];
  projects: string[];
  current: boolean;
}

/** The path of a link that signs in one browser, once. */
export interface LoginLink {
  path: string;
}

/** A fresh access token with its secret, which is told this once. */
export interface NewTokenInfo {
  id: string;
  name: string;
  scope: TokenScope;
  project_id: string | null;
  created_at: string;
  used_at: string | null;
  ends_at: string | null;
  token: string;
}

/** A link that signs in one phone, once. */
export interface PhonePairing {
  link: string;
  qr: string[];
  fingerprint: string;
  valid_s: number;
}

/** Where phones in the local network reach the service; both null where they do not. */
export interface PhoneStatus {
  url: string | null;
  fingerprint: string | null;
}

/** The state of the service and its load; `warnings` are sentences about who can reach it. */
export interface ServiceHealth {
  status: string;
  version: string;
  host_id: string;
  instance_id: string;
  pending_tasks: number;
  running_tasks: number;
  subscriptions: number;
  warnings: string[];
}

/** The form of a value. */
export type SettingKind = "flag" | "integer" | "list" | "number" | "table" | "text";

/** Where a setting's value comes from. */
export type SettingSource = "default" | "environment" | "file" | "flag";

/** One setting. */
export interface SettingState {
  name: string;
  env: string;
  kind: SettingKind;
  unit: string;
  why: string;
  choices: string[];
  low: number | null;
  high: number | null;
  default: boolean | number | string | string[] | null;
  value: boolean | number | string | string[] | null;
  stored: boolean | number | string | string[] | null;
  source: SettingSource;
  where: string;
  restart: boolean;
  locked: string;
}

/** All settings, with the file that holds them. */
export interface SettingsOverview {
  path: string;
  locked: string;
  restart: boolean;
  settings: SettingState[];
  tables: SettingsTable[];
  keys: TableKey[];
}

/** A table with a name of the person's choice: an agent, a model server or an MCP server. */
export interface SettingsTable {
  name: string;
  values: Record<string, unknown>;
  where: string;
  restart: boolean;
}

/** A key that such a table may have. */
export interface TableKey {
  table: string;
  key: string;
  kind: SettingKind;
  must: string;
}

/** What the credential of a request may do: its scope, its project (None: all), and the accesses of routes. */
export interface TokenGrant {
  scope: TokenScope;
  project_id: string | null;
  session_id: string | null;
  allows: string[];
}

/** An access token: what it may do, for which project (None: all), and until when (None: for ever). */
export interface TokenInfo {
  id: string;
  name: string;
  scope: TokenScope;
  project_id: string | null;
  created_at: string;
  used_at: string | null;
  ends_at: string | null;
}

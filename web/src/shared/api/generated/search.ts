// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { MessageRole, SessionState } from "./words";

/** What an abbreviated id names. */
export type IdKind = "change" | "permission" | "project" | "rule" | "session" | "snapshot" | "task";

/** A row whose id or name matches; `label` describes it to a person. */
export interface IdMatch {
  kind: IdKind;
  id: string;
  label: string;
}

/** A message that contains the searched words. */
export interface SearchHit {
  message_id: string;
  session_id: string;
  chat_id: string;
  project_id: string;
  session_title: string;
  session_state: SessionState;
  role: MessageRole;
  agent: string | null;
  created_at: string;
  snippet: SnippetPiece[];
}

/** Some text of a snippet; `hit`: it is a searched word. */
export interface SnippetPiece {
  text: string;
  hit: boolean;
}

/** Totals over the turns of an agent, a model or a project, or of all. */
export interface UsageSum {
  kind: "agent" | "model" | "project" | "total";
  agent: string;
  model: string;
  project_id: string | null;
  turns: number;
  completed: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cost_usd: number;
  seconds: number;
}

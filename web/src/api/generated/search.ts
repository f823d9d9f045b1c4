// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { MessageRole, SessionState } from "./words";

/** A message in which the words were found. */
export interface HitOut {
  message_id: string;
  session_id: string;
  chat_id: string;
  project_id: string;
  session_title: string;
  session_state: SessionState;
  role: MessageRole;
  agent: string | null;
  created_at: string;
  snippet: PieceOut[];
}

/** Some text of a snippet; `hit`: it is a word that was looked for. */
export interface PieceOut {
  text: string;
  hit: boolean;
}

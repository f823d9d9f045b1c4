// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { AttachmentInfo } from "./tasks";
import type { MessageRole, MessageStatus, PartKind } from "./words";

/** A message with its parts, or with as many as a page has room for; `text` is a user's prompt. */
export interface MessageWithParts {
  id: string;
  ord: number;
  session_id: string;
  chat_id: string;
  task_id: string;
  role: MessageRole;
  status: MessageStatus;
  agent: string | null;
  model: string | null;
  created_at: string;
  finished_at: string | null;
  text: string;
  part_count: number;
  attachments: AttachmentInfo[];
  parts: PartInfo[];
}

/** A part of a message: `text` for text and reasoning, `data` (the frame's fields) for the others. */
export interface PartInfo {
  part: number;
  kind: PartKind;
  data: Record<string, unknown> | null;
  text: string;
  text_chars: number;
}

/** A page of a part's text, and how many characters all of it has. */
export interface TextPage {
  offset: number;
  text: string;
  total_chars: number;
}

// A session as a file: everything that was said, for people as Markdown, for programs as JSON.
import { call, type Answer } from "../api/client";
import type { PartInfo as Part, Session, TextField } from "../api/generated";

export type ExportForm = "markdown" | "json";

type Chat = Answer<"GET /api/sessions/{session_id}/chats">[number];
type Message = Answer<"GET /api/chats/{chat_id}/messages">[number];

const PAGE = 100;
const PARTS_PAGE = 200; // as many as the service gives at once
const TEXT_PAGE_CHARS = 262_144; // as many as the service gives at once
const TITLE_MAX_CHARS = 60; // of a file's name

export interface ExportedChat {
  chat: Chat;
  messages: readonly Message[];
}

/** Fetch all of a session and hand it to the browser as a file. */
export async function exportSession(session: Session, form: ExportForm): Promise<void> {
  const chats: ExportedChat[] = [];
  for (const chat of await call("GET /api/sessions/{session_id}/chats", { path: { session_id: session.id } })) {
    chats.push({ chat, messages: await messagesOf(chat.id) });
  }
  const name = session.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, TITLE_MAX_CHARS) || session.id;
  if (form === "json") save(`${name}.json`, "application/json", JSON.stringify({ session, chats }, null, 2));
  else save(`${name}.md`, "text/markdown", sessionMarkdown(session, chats));
}

async function messagesOf(chatId: string): Promise<Message[]> {
  const found: Message[] = [];
  for (;;) {
    const after = found.at(-1)?.ord ?? 0;
    const page = await call("GET /api/chats/{chat_id}/messages", { path: { chat_id: chatId }, query: { after, limit: PAGE } });
    for (const message of page) found.push(await wholeMessage(message));
    if (page.length < PAGE) return found;
  }
}

/** A message with all its parts, whose texts are whole: a list of messages has a bounded number, and the beginning of each text. */
export async function wholeMessage(message: Message): Promise<Message> {
  const parts = [...message.parts];
  while (parts.length < message.part_count) {
    const after = parts.at(-1)?.part ?? null;
    const page = await call("GET /api/messages/{message_id}/parts", { path: { message_id: message.id }, query: { after, limit: PARTS_PAGE } });
    if (page.length === 0) break;
    parts.push(...page);
  }
  const whole = [];
  for (const part of parts) whole.push(await wholePart(message.id, part));
  return { ...message, parts: whole };
}

async function wholePart(messageId: string, part: Part): Promise<Part> {
  const text = await wholeText(messageId, part.part, "text", part.text, part.text_chars);
  const found = { ...part, text, text_chars: Math.max(part.text_chars, Array.from(text).length) };
  if (part.kind !== "tool_call" || !part.data) return found;
  const data = { ...part.data };
  for (const field of ["input", "output"] as const) {
    const chars = data[`${field}_chars`];
    const held = Array.from(String(data[field] ?? "")).length;
    // The service sends the beginning of an input, but the end of an output.
    if (typeof chars === "number" && held < chars) data[field] = await wholeText(messageId, part.part, field, "", chars);
  }
  return { ...found, data };
}

/** A text with what comes after its beginning; characters are counted, not units of UTF-16. */
async function wholeText(messageId: string, part: number, field: TextField, beginning: string, chars: number): Promise<string> {
  let [text, have, total] = [beginning, Array.from(beginning).length, chars];
  while (have < total) {
    const query = { field, offset: have, limit: TEXT_PAGE_CHARS };
    const page = await call("GET /api/messages/{message_id}/parts/{part}/text", { path: { message_id: messageId, part }, query });
    if (!page.text) break;
    text += page.text;
    have += Array.from(page.text).length;
    total = page.total_chars;
  }
  return text;
}

export function sessionMarkdown(session: Pick<Session, "title" | "created_at">, chats: readonly ExportedChat[]): string {
  const pieces = [`# ${session.title}`, `Begun ${session.created_at}.`];
  for (const { chat, messages } of chats) {
    if (chats.length > 1) pieces.push(`## ${chat.title}`);
    for (const message of messages) pieces.push(`### ${message.role === "user" ? "You" : (message.agent ?? "Agent")}, ${message.created_at}`, ...partsOf(message));
  }
  return `${pieces.filter(Boolean).join("\n\n")}\n`;
}

function partsOf(message: Message): string[] {
  const said = message.text ? [message.text.trim()] : [];
  for (const part of message.parts) {
    if (part.kind === "text") said.push(part.text.trim());
    else if (part.kind === "tool_call") said.push(`> ${String(part.data?.title || part.data?.name || "tool")} (${String(part.data?.status ?? "")})`);
  }
  return said;
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

// A session as a file: everything that was said, for people as Markdown, for programs as JSON.
import { call, type Answer } from "../api/client";
import type { Session } from "../api/generated";

export type ExportForm = "markdown" | "json";

type Chat = Answer<"GET /api/sessions/{session_id}/chats">[number];
type Message = Answer<"GET /api/chats/{chat_id}/messages">[number];

const PAGE = 100;
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
    for (const message of page) found.push(await withWholeTexts(message));
    if (page.length < PAGE) return found;
  }
}

/** A message whose texts are whole: a list of messages has only the beginning of a very long one. */
export async function withWholeTexts(message: Message): Promise<Message> {
  const parts = [];
  for (const part of message.parts) {
    let text = part.text;
    let [have, total] = [Array.from(text).length, part.text_chars]; // both count characters, not units of UTF-16
    while (have < total) {
      const path = { message_id: message.id, part: part.part };
      const page = await call("GET /api/messages/{message_id}/parts/{part}/text", { path, query: { offset: have, limit: TEXT_PAGE_CHARS } });
      if (!page.text) break;
      text += page.text;
      have += Array.from(page.text).length;
      total = page.total_chars;
    }
    parts.push({ ...part, text, text_chars: total });
  }
  return { ...message, parts };
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

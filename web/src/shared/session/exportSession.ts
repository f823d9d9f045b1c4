// A session as a file: everything that was said, for people as Markdown, for programs as JSON.
import { call, type Answer } from "../api/client";
import type { Session } from "../api/generated";

export type ExportForm = "markdown" | "json";

type Chat = Answer<"GET /api/sessions/{session_id}/chats">[number];
type Message = Answer<"GET /api/chats/{chat_id}/messages">[number];

const PAGE = 100;
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
    found.push(...page);
    if (page.length < PAGE) return found;
  }
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
    if (part.kind === "text") said.push(part.text.trim() + cutNote(part.text, part.text_chars));
    else if (part.kind === "tool_call") said.push(`> ${String(part.data?.title || part.data?.name || "tool")} (${String(part.data?.status ?? "")})`);
  }
  return said;
}

/** Says what is not in the file: a message has only the beginning of a very long text. */
function cutNote(text: string, chars: number): string {
  const left = chars - Array.from(text).length;
  return left > 0 ? `\n\n[${left} more characters]` : "";
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

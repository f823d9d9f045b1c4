// Sends a message as a task, once however often it is tried.
import { useRef } from "react";
import { call } from "../api/client";
import type { NewTaskInput, StartInput } from "../api/generated";
import { useAction } from "../api/queries";
import type { Choice } from "./choice";
import type { Target } from "./Composer";

export interface Message {
  prompt: string;
  attachments: readonly string[];
}

export function useSend(target: Target, choice: Choice, start: StartInput | undefined) {
  const tried = useRef({ body: "", key: "" });
  return useAction((message: Message) => {
    const body = bodyOf(target, choice, start, message);
    const text = JSON.stringify(body);
    // The same request keeps its key until it is answered: a lost answer, or a second click, sends nothing twice.
    if (tried.current.body !== text) tried.current = { body: text, key: crypto.randomUUID() };
    return call("POST /api/tasks", { body }, { headers: { "Idempotency-Key": tried.current.key } }).then((sent) => {
      tried.current = { body: "", key: "" };
      return sent;
    });
  }, ["tasks", "sessions", "session", "chats"]);
}

function bodyOf(target: Target, choice: Choice, start: StartInput | undefined, { prompt, attachments }: Message): NewTaskInput {
  const { agent, model, mode, thinking } = choice;
  const body = { prompt, agent, model, mode, thinking, attachments: [...attachments] };
  if (target.chatId) return { ...body, chat_id: target.chatId };
  if (target.sessionId) return { ...body, session_id: target.sessionId };
  return { ...body, project_id: target.projectId ?? null, ...(start ? { start } : {}) };
}

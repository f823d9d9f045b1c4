// Sends messages as tasks: in the order in which they were written, each once however often it is tried.
import { useQueryClient } from "@tanstack/react-query";
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

const REFRESHED = ["tasks", "sessions", "session", "chats"];

export function useSend(target: Target, choice: Choice, start: StartInput | undefined) {
  const client = useQueryClient();
  const keys = useRef(new Map<string, string>());
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const post = async (body: NewTaskInput) => {
    const text = JSON.stringify(body);
    // The same request keeps its key until it is answered: a lost answer, or a second try, sends nothing twice.
    const key = keys.current.get(text) ?? crypto.randomUUID();
    keys.current.set(text, key);
    const sent = await call("POST /api/tasks", { body }, { headers: { "Idempotency-Key": key } });
    keys.current.delete(text);
    // Nobody waits for the lists: what is written next must not be taken for what was sent.
    for (const list of REFRESHED) void client.invalidateQueries({ queryKey: [list] });
    return sent;
  };
  return useAction((message: Message) => {
    const body = bodyOf(target, choice, start, message);
    const sent = line.current.then(() => post(body));
    line.current = sent.catch(() => undefined);
    return sent;
  });
}

function bodyOf(target: Target, choice: Choice, start: StartInput | undefined, { prompt, attachments }: Message): NewTaskInput {
  const { agent, model, mode, thinking } = choice;
  const body = { prompt, agent, model, mode, thinking, attachments: [...attachments] };
  if (target.chatId) return { ...body, chat_id: target.chatId };
  if (target.sessionId) return { ...body, session_id: target.sessionId };
  return { ...body, project_id: target.projectId ?? null, ...(start ? { start } : {}) };
}

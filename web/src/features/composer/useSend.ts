// Sends messages as tasks, in the order written, each exactly once however often it is retried.
import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { call } from "../../shared/api/client";
import type { NewTaskInput, StartInput } from "../../shared/api/generated";
import { useAction } from "../../shared/api/queries";
import type { AgentChoice } from "./pickers/agentChoice";
import type { Target } from "./target";

export interface Message {
  prompt: string;
  attachments: readonly string[];
}

const REFRESHED = ["tasks", "sessions", "session", "chats"];

export function useSend(target: Target, choice: AgentChoice, start: StartInput | undefined) {
  const client = useQueryClient();
  const keys = useRef(new Map<string, string>());
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const post = async (body: NewTaskInput) => {
    const text = JSON.stringify(body);
    // A request keeps its key until it is answered, so a retry after a lost answer sends nothing twice.
    const key = keys.current.get(text) ?? crypto.randomUUID();
    keys.current.set(text, key);
    const sent = await call("POST /api/tasks", { body }, { headers: { "Idempotency-Key": key } });
    keys.current.delete(text);
    // Do not await the lists: the next text must not be taken for the one just sent.
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

function bodyOf(target: Target, choice: AgentChoice, start: StartInput | undefined, { prompt, attachments }: Message): NewTaskInput {
  const { agent, model, mode, thinking } = choice;
  const body = { prompt, agent, model, mode, thinking, attachments: [...attachments] };
  if (target.chatId) return { ...body, chat_id: target.chatId };
  if (target.sessionId) return { ...body, session_id: target.sessionId };
  return { ...body, project_id: target.projectId ?? null, ...(start ? { start } : {}) };
}

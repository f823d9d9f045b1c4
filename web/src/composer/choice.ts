// Which agent, model, mode and thinking option the next task gets: what the person picked here, else what the chat
// used last, else what was picked last in this browser.
import { useState } from "react";
import { useAgents, useChats } from "../api/queries";
import type { Target } from "./Composer";

export interface Choice {
  agent: string | null;
  model: string | null;
  mode: string | null;
  thinking: string | null;
}

const KEY = "boocoder.choice";
const NOTHING: Choice = { agent: null, model: null, mode: null, thinking: null };

export function useChoice(target: Target): [Choice, (choice: Choice) => void] {
  const { data: chats } = useChats(target.sessionId ?? "", target.sessionId !== undefined);
  const { data: agents = [] } = useAgents();
  const [picked, setPicked] = useState<Choice | null>(null);
  const chat = chats?.find((one) => one.id === target.chatId) ?? chats?.at(-1);
  const last = chat?.agent ? { agent: chat.agent, model: chat.model, mode: chat.mode, thinking: chat.thinking } : remembered();
  const known = agents.some((one) => one.name === last.agent && one.state === "ready");
  const fallback = agents.find((one) => one.state === "ready")?.name ?? null;
  const choice = picked ?? (known || agents.length === 0 ? last : { ...NOTHING, agent: fallback });
  const choose = (next: Choice) => {
    setPicked(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  };
  return [choice, choose];
}

function remembered(): Choice {
  try {
    return { ...NOTHING, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Choice>) };
  } catch {
    return NOTHING;
  }
}

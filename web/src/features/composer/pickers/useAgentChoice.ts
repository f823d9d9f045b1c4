// Agent, model, mode and thinking option of the next task: what was picked here, else what the chat used last, else
// what was picked last in this browser.
import { useState } from "react";
import { useAgents, useChats } from "../../../shared/api/queries";
import type { Target } from "../target";
import { type AgentChoice, isLoading, NO_CHOICE, resolveChoice } from "./agentChoice";

const KEY = "boocoder.choice";

interface AgentChoiceState {
  choice: AgentChoice;
  choose: (choice: AgentChoice) => void;
  /** Whether the choice is final; until then nothing is sent, as it could go to another agent. */
  settled: boolean;
}

export function useAgentChoice(target: Target): AgentChoiceState {
  const { data: chats } = useChats(target.sessionId ?? "", target.sessionId !== undefined);
  const { data: agents } = useAgents();
  const [picked, setPicked] = useState<AgentChoice | null>(null);
  const here = chats?.find((one) => one.id === target.chatId) ?? chats?.at(-1);
  const chat = here?.agent ? here : chats?.findLast((one) => one.agent); // a new chat goes on with the session's agent
  const choice = resolveChoice({ picked, chat, remembered: remembered(), agents });
  const choose = (next: AgentChoice) => {
    setPicked(next);
    localStorage.setItem(KEY, JSON.stringify(next));
  };
  const chatKnown = target.sessionId === undefined || chats !== undefined;
  const settled = picked !== null || (chatKnown && (choice.agent !== null || (agents !== undefined && !isLoading(agents))));
  return { choice, choose, settled };
}

function remembered(): AgentChoice {
  try {
    return { ...NO_CHOICE, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<AgentChoice>) };
  } catch {
    return NO_CHOICE;
  }
}

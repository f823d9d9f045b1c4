// Resolves agent, model, mode and thinking option of the next task.
import type { AgentInfo, Chat } from "../../../shared/api/generated";

export interface AgentChoice {
  agent: string | null;
  model: string | null;
  mode: string | null;
  thinking: string | null;
}

export const NO_CHOICE: AgentChoice = { agent: null, model: null, mode: null, thinking: null };

interface ChoiceSources {
  /** What the person picked here. */
  picked: AgentChoice | null;
  /** The chat that the message goes to; undefined without one. */
  chat: Chat | undefined;
  /** What was picked last in this browser. */
  remembered: AgentChoice;
  /** The catalogue; undefined until it is loaded. */
  agents: readonly AgentInfo[] | undefined;
}

/** A chat keeps its agent, also while the catalogue loads or does not list it; only a new chat falls back to another one. */
export function resolveChoice({ picked, chat, remembered, agents }: ChoiceSources): AgentChoice {
  if (picked) return picked;
  if (chat?.agent) return { agent: chat.agent, model: chat.model, mode: chat.mode, thinking: chat.thinking };
  if (!agents || isLoading(agents) || agents.some((one) => one.name === remembered.agent && one.state === "ready")) return remembered;
  return { ...NO_CHOICE, agent: agents.find((one) => one.state === "ready")?.name ?? null };
}

/** Whether agents are still being looked for, as after a start of the service. */
export function isLoading(agents: readonly AgentInfo[]): boolean {
  return agents.length === 0 || agents.some((one) => one.state === "loading");
}

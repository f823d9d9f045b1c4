// Explains what the next message does to the conversation, where that is not obvious.
import { useAgentTitle } from "../../shared/agents/agentTitle";
import type { AgentInfo, Chat } from "../../shared/api/generated";
import { useAgents } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import type { AgentChoice } from "./pickers/agentChoice";
import styles from "./ComposerHint.module.css";

interface ComposerHintProps {
  chats: readonly Chat[];
  chatId: string | undefined;
  choice: AgentChoice;
}

export function ComposerHint({ chats, chatId, choice }: ComposerHintProps) {
  const { data: agents = [] } = useAgents();
  const agentTitle = useAgentTitle();
  const text = hint(chats, chatId, choice, agentTitle) || unavailable(agents, choice);
  return text ? (
    <p className={styles.hint} role="status">
      {text}
    </p>
  ) : null;
}

/** Why the chosen agent cannot run now, if so. The choice stays: no other agent gets the message. */
function unavailable(agents: readonly AgentInfo[], choice: AgentChoice): string {
  const agent = agents.find((one) => one.name === choice.agent);
  if (!agent || agent.state === "ready" || agent.state === "loading") return "";
  return visible(`${agent.title || agent.name} is not available. ${agent.reason ?? ""} ${agent.cure ?? ""}`.trim());
}

function hint(chats: readonly Chat[], chatId: string | undefined, choice: AgentChoice, title: (name: string) => string): string {
  const chat = chats.find((one) => one.id === chatId);
  if (!chat) return "";
  if (!chat.agent) return chats.length > 1 ? "New chat: the agent sees the files, but not the earlier conversation." : "";
  if (!choice.agent || choice.agent === chat.agent) return "";
  return `${title(choice.agent)} takes over from ${title(chat.agent)} and gets the conversation so far.`;
}

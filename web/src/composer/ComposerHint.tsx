// Says what the next message means for the conversation, where that is not plain.
import type { ChatOut } from "../api/generated";
import type { Choice } from "./choice";
import styles from "./ComposerHint.module.css";

interface ComposerHintProps {
  chats: readonly ChatOut[];
  chatId: string | undefined;
  choice: Choice;
}

export function ComposerHint({ chats, chatId, choice }: ComposerHintProps) {
  const text = hint(chats, chatId, choice);
  return text ? (
    <p className={styles.hint} role="status">
      {text}
    </p>
  ) : null;
}

function hint(chats: readonly ChatOut[], chatId: string | undefined, choice: Choice): string {
  const chat = chats.find((one) => one.id === chatId);
  if (!chat) return "";
  if (!chat.agent) return chats.length > 1 ? "A new chat: the agent sees the files as they are, and nothing of what was said before." : "";
  if (!choice.agent || choice.agent === chat.agent) return "";
  return `${choice.agent} takes over from ${chat.agent}: it is told what was said so far.`;
}

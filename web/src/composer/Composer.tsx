// Where the person writes to the agent.
import type { Conversation } from "../stream/conversation";

interface ComposerProps {
  sessionId: string;
  conversation: Conversation;
}

export function Composer(_: ComposerProps) {
  return null;
}

// What was said and done in a session.
import type { Conversation } from "../stream/conversation";

interface ConversationViewProps {
  sessionId: string;
  conversation: Conversation;
}

export function ConversationView({ conversation }: ConversationViewProps) {
  return <div>{conversation.items.length}</div>;
}

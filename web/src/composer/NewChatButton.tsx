// Begins a chat with a fresh context over the same files.
import { MessageSquarePlus } from "lucide-react";
import { useNewChat } from "../api/session";
import { IconButton } from "../ui/Button";
import { complain } from "../ui/Toasts";

interface NewChatButtonProps {
  sessionId: string;
  /** Whether the newest chat has nothing in it yet. */
  fresh: boolean;
}

export function NewChatButton({ sessionId, fresh }: NewChatButtonProps) {
  const begin = useNewChat(sessionId);
  return (
    <IconButton
      label="New chat over the same files"
      icon={<MessageSquarePlus />}
      disabled={fresh || begin.isPending}
      onClick={() => begin.mutate(undefined, { onError: complain })}
    />
  );
}

// Starts a chat with a fresh context on the same files.
import { MessageSquarePlus } from "lucide-react";
import { useNewChat } from "../../shared/api/session";
import { IconButton } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";

interface NewChatButtonProps {
  sessionId: string;
  /** Whether the newest chat is still empty. */
  fresh: boolean;
}

export function NewChatButton({ sessionId, fresh }: NewChatButtonProps) {
  const begin = useNewChat(sessionId);
  return (
    <IconButton
      label="New chat on the same files"
      icon={<MessageSquarePlus />}
      disabled={fresh || begin.isPending}
      onClick={() => begin.mutate(undefined, { onError: showError })}
    />
  );
}

// One session: its conversation, the composer below, and its change beside.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useChats, useSession } from "../api/queries";
import { ConversationView } from "../conversation/ConversationView";
import { Composer } from "../composer/Composer";
import { tapFrames, useConversation } from "../stream/store";
import { PageHead } from "../ui/PageHead";
import styles from "./SessionPage.module.css";

export function SessionPage({ sessionId, onMenu }: { sessionId: string; onMenu: () => void }) {
  const { data: session } = useSession(sessionId);
  const conversation = useConversation(sessionId);
  const { data: chats } = useChats(sessionId);
  const chatId = chats?.at(-1)?.id;
  const target = useMemo(() => ({ sessionId, chatId }), [sessionId, chatId]);
  useRefreshOnTurns(sessionId);
  return (
    <>
      <PageHead title={session?.title ?? "…"} onMenu={onMenu} />
      <div className={styles.columns}>
        <section className={styles.middle} aria-label="Conversation">
          <ConversationView sessionId={sessionId} conversation={conversation} />
          <Composer
            target={target}
            runningTaskId={session?.running_task_id ?? null}
            commands={conversation.commands.get(target.chatId ?? "")?.commands}
            placeholder={session?.running_task_id ? "Write on: it waits until this turn is over" : undefined}
          />
        </section>
      </div>
    </>
  );
}

const MOVES = new Set(["turn_started", "turn_ended", "queue_changed", "change_updated", "permission", "question"]);

/** Ask for the session's row again when its stream says that it moved. */
function useRefreshOnTurns(sessionId: string): void {
  const client = useQueryClient();
  useEffect(
    () =>
      tapFrames(sessionId, (frame) => {
        if (!MOVES.has(frame.type)) return;
        for (const key of [["session", sessionId], ["sessions"], ["chats", sessionId], ["tasks"]]) {
          void client.invalidateQueries({ queryKey: key });
        }
      }),
    [client, sessionId],
  );
}

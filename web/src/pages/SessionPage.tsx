// One session: its conversation, the composer below, and its change beside.
import { useQueryClient } from "@tanstack/react-query";
import { FileDiff } from "lucide-react";
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo } from "react";
import { useSearch } from "wouter";
import { isGone, useChats, useSession } from "../api/queries";
import { resetPanel, setPanel, usePanel } from "../change/panel";
import { ConversationView } from "../conversation/ConversationView";
import { SHORTCUTS, useShortcut } from "../keys/shortcuts";
import { Composer } from "../composer/Composer";
import type { Conversation } from "../stream/conversation";
import { tapFrames, useConversation } from "../stream/store";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageHead } from "../ui/PageHead";
import { SplitPane } from "../ui/SplitPane";
import { NothingHere } from "./NothingHere";
import styles from "./SessionPage.module.css";

const ChangePanel = lazy(() => import("../change/ChangePanel"));

interface SessionPageProps {
  sessionId: string;
  onMenu: () => void;
}

export function SessionPage({ sessionId, onMenu }: SessionPageProps) {
  const { error } = useSession(sessionId);
  if (isGone(error)) return <NothingHere onMenu={onMenu} why="There is no such session." />;
  return <Session sessionId={sessionId} onMenu={onMenu} />;
}

function Session({ sessionId, onMenu }: SessionPageProps) {
  const { data: session, error, refetch } = useSession(sessionId);
  const conversation = useConversation(sessionId);
  const { data: chats } = useChats(sessionId);
  const chatId = chats?.at(-1)?.id;
  const target = useMemo(() => ({ sessionId, chatId }), [sessionId, chatId]);
  const wanted = new URLSearchParams(useSearch()).get("message");
  const { shown } = usePanel();
  useLayoutEffect(resetPanel, [sessionId]);
  useRefreshOnTurns(sessionId);
  useShortcut(SHORTCUTS.change, () => setPanel({ shown: !shown }));
  useShortcut(SHORTCUTS.compose, () => document.querySelector<HTMLTextAreaElement>("textarea")?.focus());
  return (
    <>
      <PageHead title={visible(session?.title ?? (error ? "No session" : "…"))} onMenu={onMenu}>
        {session && <ChangeButton change={conversation.change} />}
      </PageHead>
      {error && !session ? (
        <Failure error={error} onRetry={refetch} />
      ) : (
        <div className={styles.columns}>
          <section className={styles.middle} aria-label="Conversation">
            <ErrorBoundary what="The conversation">
              <ConversationView sessionId={sessionId} conversation={conversation} wanted={wanted} />
            </ErrorBoundary>
            <Composer
              target={target}
              runningTaskId={session?.running_task_id ?? null}
              offered={conversation.commands.get(target.chatId ?? "")}
              placeholder={session?.running_task_id ? "Write on: it waits until this turn is over" : undefined}
            />
          </section>
          {shown && (
            <SplitPane name="change" label="Change">
              <ErrorBoundary what="The change">
                <Suspense fallback={<Loading />}>
                  <ChangePanel sessionId={sessionId} changeId={session?.pending_change_id ?? null} conversation={conversation} />
                </Suspense>
              </ErrorBoundary>
            </SplitPane>
          )}
        </div>
      )}
    </>
  );
}

function ChangeButton({ change }: { change: Conversation["change"] }) {
  const { shown } = usePanel();
  return (
    <Button small kind={shown ? "plain" : "quiet"} icon={<FileDiff />} aria-pressed={shown} onClick={() => setPanel({ shown: !shown })}>
      Change
      {change?.state === "pending" && !!change.files && (
        <span className={styles.counts}>
          <span className={styles.added}>+{change.additions ?? 0}</span> <span className={styles.removed}>−{change.deletions ?? 0}</span>
        </span>
      )}
    </Button>
  );
}

const TOGETHER_MS = 100;
const MOVES = new Set(["turn_started", "turn_ended", "queue_changed", "change_updated", "permission", "question"]);

/** Ask for the session's row again when its stream says that it moved. */
function useRefreshOnTurns(sessionId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let due: ReturnType<typeof setTimeout> | undefined; // a replayed history tells of thousands of moves at once
    const ask = () => {
      due = undefined;
      for (const key of [["session", sessionId], ["sessions"], ["chats", sessionId], ["tasks"]]) {
        void client.invalidateQueries({ queryKey: key });
      }
    };
    const untap = tapFrames(sessionId, (frame) => {
      if (MOVES.has(frame.type)) due ??= setTimeout(ask, TOGETHER_MS);
    });
    return () => {
      clearTimeout(due);
      untap();
    };
  }, [client, sessionId]);
}

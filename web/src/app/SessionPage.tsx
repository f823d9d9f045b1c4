// One session: its conversation, the composer, and its change.
import { useQueryClient } from "@tanstack/react-query";
import { FileDiff } from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect, useLayoutEffect, useMemo, useState } from "react";
import { useSearch } from "wouter";
import { useAgentTitle } from "../shared/agents/agentTitle";
import type { Chat, Session } from "../shared/api/generated";
import { isGone, useAllProjects, useChats, useSession } from "../shared/api/queries";
import { useMarkSeen } from "../shared/api/sessions";
import { useSessionUsage } from "../shared/api/usage";
import { resetPanel, setPanel, usePanel } from "../shared/session/panel";
import { ConversationView } from "../features/conversation/ConversationView";
import { findInActivePane, useActivePane } from "../shared/keys/activePane";
import { SHORTCUTS, useShortcut } from "../shared/keys/shortcuts";
import { Composer } from "../features/composer/Composer";
import { QueueList } from "../features/queue/QueueList";
import { RulesButton } from "../features/rules/RulesButton";
import { SteerList } from "../features/queue/SteerList";
import { type FilePlace, OpenFileContext } from "../shared/markdown/FilePath";
import type { Conversation } from "../shared/stream/conversation";
import { openRequest } from "../shared/stream/openRequest";
import { tapFrames, useConversation } from "../shared/stream/store";
import { count } from "../shared/text/times";
import { visible } from "../shared/text/visible";
import { Button } from "../shared/ui/Button";
import { ErrorBoundary } from "../shared/ui/ErrorBoundary";
import { Failure } from "../shared/ui/Failure";
import { Loading } from "../shared/ui/Loading";
import { PageHeader } from "../shared/ui/PageHeader";
import { SplitPane } from "../shared/ui/SplitPane";
import { NotFoundPage } from "./NotFoundPage";
import { LineCounts } from "../shared/review/LineCounts";
import styles from "./SessionPage.module.css";

const ChangePanel = lazy(() => import("./panel/ChangePanel"));
const FileDialog = lazy(() => import("../features/files/FileDialog"));

interface SessionPageProps {
  sessionId: string;
  /** Whether another session is beside it. */
  split: boolean;
  /** More buttons of the header. */
  tools?: ReactNode;
  onMenu: () => void;
}

export function SessionPage(props: SessionPageProps) {
  const { sessionId, onMenu } = props;
  const { error } = useSession(sessionId);
  if (isGone(error)) return <NotFoundPage onMenu={onMenu} why="There is no such session." />;
  return <Session {...props} />;
}

function Session({ sessionId, split, tools, onMenu }: SessionPageProps) {
  const active = useActivePane();
  const { data: session, error, refetch } = useSession(sessionId);
  const conversation = useConversation(sessionId);
  const { data: chats } = useChats(sessionId);
  const chatId = chats?.at(-1)?.id;
  const target = useMemo(() => ({ sessionId, chatId }), [sessionId, chatId]);
  const running = session?.running_task_id ?? null;
  const { steers } = conversation;
  const queue = useMemo(
    () => (
      <>
        <SteerList steers={steers} />
        <QueueList sessionId={sessionId} runningTaskId={running} />
      </>
    ),
    [sessionId, running, steers],
  );
  const wanted = new URLSearchParams(useSearch()).get("message");
  const { shown, whole } = usePanel();
  const [file, openFile] = useState<FilePlace | null>(null);
  useLayoutEffect(() => resetPanel(split), [sessionId, split, active]);
  useRefreshOnTurns(sessionId);
  useSeenWhileVisible(session);
  useShortcut(SHORTCUTS.change, () => setPanel({ shown: !shown }));
  useShortcut(SHORTCUTS.wholeChange, () => setPanel({ shown: true, whole: !(shown && whole) }));
  useShortcut(SHORTCUTS.undoApply, () => setPanel({ shown: true, tab: "change", dialog: "undo" }));
  useShortcut(SHORTCUTS.compose, () => findInActivePane("textarea")?.focus());
  return (
    <>
      <PageHeader title={visible(session?.title ?? (error ? "No session" : "…"))} facts={session && <SessionFacts session={session} chat={chats?.at(-1)} />} onMenu={onMenu}>
        {session && <RulesButton sessionId={sessionId} />}
        {session && <ChangeButton change={conversation.change} shown={shown && active} />}
        {tools}
      </PageHeader>
      {error && !session ? (
        <Failure error={error} onRetry={refetch} />
      ) : (
        <div className={styles.columns}>
          <section className={styles.middle} aria-label="Conversation">
            <ErrorBoundary what="The conversation">
              <OpenFileContext value={openFile}>
                <ConversationView sessionId={sessionId} conversation={conversation} wanted={wanted} />
              </OpenFileContext>
            </ErrorBoundary>
            <Composer
              target={target}
              runningTaskId={running}
              request={openRequest(conversation.items)}
              above={queue}
              offered={conversation.commands.get(target.chatId ?? "")}
              placeholder={running ? "Write a message: it is sent after this turn" : undefined}
            />
          </section>
          {shown && active && (
            <SplitPane name="change" label="Change" whole={whole || split}>
              <ErrorBoundary what="The change">
                <Suspense fallback={<Loading />}>
                  <ChangePanel sessionId={sessionId} changeId={session?.pending_change_id ?? null} runningTaskId={running} conversation={conversation} />
                </Suspense>
              </ErrorBoundary>
            </SplitPane>
          )}
          <Suspense>{file && <FileDialog sessionId={sessionId} place={file} onPlace={openFile} />}</Suspense>
        </div>
      )}
    </>
  );
}

/** Project, beginning, agent and model of a session, and what its turns used so far. */
function SessionFacts({ session, chat }: { session: Session; chat: Chat | undefined }) {
  const { data: projects } = useAllProjects();
  const usage = useSessionUsage(session.id);
  const agentTitle = useAgentTitle();
  const tokens = usage ? usage.input_tokens + usage.output_tokens : 0;
  const facts = [
    projects?.find((one) => one.id === session.project_id)?.name,
    session.start_from && `from ${session.start_from}`,
    chat?.agent && `${agentTitle(chat.agent)}${chat.model ? ` ${chat.model}` : ""}`,
    usage?.turns && `${usage.turns} turn${usage.turns === 1 ? "" : "s"}`,
    tokens > 0 && `${count(tokens)} tokens`,
    !!usage?.cost_usd && `$${usage.cost_usd.toFixed(2)}`,
  ];
  return visible(facts.filter(Boolean).join(" · "));
}

function ChangeButton({ change, shown }: { change: Conversation["change"]; shown: boolean }) {
  return (
    <Button small kind={shown ? "plain" : "quiet"} icon={<FileDiff />} aria-pressed={shown} onClick={() => setPanel({ shown: !shown })}>
      Change
      {change?.state === "pending" && !!change.files && (
        <span className={styles.counts}>
          <LineCounts additions={change.additions ?? 0} deletions={change.deletions ?? 0} />
        </span>
      )}
    </Button>
  );
}

/** Mark the session as seen while the page shows it. */
function useSeenWhileVisible(session: Session | undefined): void {
  const { mutate } = useMarkSeen(session?.id ?? "");
  const unread = session?.unread ?? false;
  const updatedAt = session?.updated_at;
  useEffect(() => {
    const see = () => {
      if (unread && document.visibilityState === "visible") mutate(undefined);
    };
    see();
    document.addEventListener("visibilitychange", see);
    return () => document.removeEventListener("visibilitychange", see);
  }, [unread, updatedAt, mutate]);
}

const TOGETHER_MS = 100;
const MOVES = new Set(["turn_started", "turn_ended", "queue_changed", "change_updated", "permission", "question", "steer"]);

/** Refresh the session's row when its stream reports a change of state. */
function useRefreshOnTurns(sessionId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let due: ReturnType<typeof setTimeout> | undefined; // a replayed history has thousands of changes at once
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

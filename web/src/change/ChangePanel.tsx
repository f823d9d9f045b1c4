// The session's change beside the conversation: what changed, what the person thinks of it, and where it goes.
import { useQueryClient } from "@tanstack/react-query";
import { Columns2, WrapText } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useReview, useReviewFiles } from "../api/review";
import { useHasTerminal } from "../api/terminal";
import type { ReviewOut } from "../api/generated";
import type { Conversation, Item } from "../stream/conversation";
import { IconButton } from "../ui/Button";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import styles from "./ChangePanel.module.css";
import { ChangeHead } from "./ChangeHead";
import { CommentBar } from "./CommentBar";
import { FileList } from "./FileList";
import { FileScroll } from "./FileScroll";
import { History } from "./History";
import { setPanel, type Tab, usePanel } from "./panel";
import { PublishedDialog } from "./PublishedDialog";
import { setDiffView, useDiffView } from "./view";

const TerminalView = lazy(() => import("../terminal/TerminalView"));

interface ChangePanelProps {
  sessionId: string;
  changeId: string | null;
  conversation: Conversation;
}

const TABS = { change: "Change", history: "History", terminal: "Terminal" } as const satisfies Record<Tab, string>;

export default function ChangePanel({ sessionId, changeId, conversation }: ChangePanelProps) {
  const { tab } = usePanel();
  const terminals = useHasTerminal(sessionId);
  useRefresh(sessionId, conversation);
  useEffect(() => {
    if (!changeId) setPanel({ asks: null }); // a later change does not open the dialog of this one
  }, [changeId]);
  return (
    <div className={styles.panel}>
      <div className={styles.tabs}>
        <div className={styles.choice} role="tablist" aria-label="Change, history and terminal">
          {(Object.keys(TABS) as Tab[])
            .filter((one) => one !== "terminal" || terminals)
            .map((one) => (
              <button key={one} type="button" role="tab" aria-selected={tab === one} onClick={() => setPanel({ tab: one })}>
                {TABS[one]}
              </button>
            ))}
        </div>
        <span className={styles.space} />
        {tab !== "terminal" && <ViewButtons />}
      </div>
      <ErrorBoundary key={tab} what="The change">
        {tab === "terminal" ? (
          <Suspense fallback={<Loading />}>
            <TerminalView key={sessionId} sessionId={sessionId} />
          </Suspense>
        ) : tab === "history" ? (
          <History key={sessionId} sessionId={sessionId} items={conversation.items} />
        ) : changeId ? (
          <Review key={sessionId} sessionId={sessionId} changeId={changeId} />
        ) : (
          <p className={styles.empty}>Nothing waits for you. What the agent changes in its copy of the files shows up here.</p>
        )}
      </ErrorBoundary>
      <PublishedDialog />
    </div>
  );
}

function ViewButtons() {
  const view = useDiffView();
  return (
    <>
      <IconButton
        label={view.layout === "split" ? "Show inline" : "Show side by side"}
        icon={<Columns2 />}
        aria-pressed={view.layout === "split"}
        onClick={() => setDiffView({ layout: view.layout === "split" ? "inline" : "split" })}
      />
      <IconButton label={view.wrap ? "Do not wrap lines" : "Wrap lines"} icon={<WrapText />} aria-pressed={view.wrap} onClick={() => setDiffView({ wrap: !view.wrap })} />
    </>
  );
}

function Review({ sessionId, changeId }: { sessionId: string; changeId: string }) {
  const { data: review, error: unread, refetch: retry } = useReview(changeId);
  const { data: files, error, refetch: retryFiles } = useReviewFiles(changeId);
  const [chosen, setChosen] = useState<number | null>(null);
  const shown = useCallback(() => setChosen(null), []);
  if (!files || !review) {
    const failure = error ?? unread;
    return failure ? <Failure error={failure} onRetry={() => Promise.all([retry(), retryFiles()])} /> : <Loading what="Reading the change" />;
  }
  return (
    <>
      <ChangeHead review={review} files={files} />
      <FileList files={files} onChoose={setChosen} />
      <FileScroll changeId={changeId} sessionId={sessionId} files={files} chosen={chosen} onShown={shown} />
      <CommentBar sessionId={sessionId} rejected={review.rejected} />
    </>
  );
}

/** Whether an agent has said or done something, which it does in a worktree only. */
function isWork(item: Item): boolean {
  return item.kind === "message" && item.role === "assistant" && item.parts.length > 0;
}

/** Ask again when a frame says that the change or its review moved; what is shown stays until the news is there. */
function useRefresh(sessionId: string, { change, review, items }: Conversation): void {
  const client = useQueryClient();
  const began = items.some(isWork);
  useEffect(() => {
    if (began) void client.invalidateQueries({ queryKey: ["snapshots", sessionId] }); // the first turn made the worktree
  }, [client, sessionId, began]);
  const before = useRef({ change, review });
  useEffect(() => {
    const moved = { change: change !== before.current.change, review: review !== before.current.review };
    before.current = { change, review };
    if (moved.change) {
      void client.invalidateQueries({ queryKey: ["review"] });
      void client.invalidateQueries({ queryKey: ["snapshots", sessionId] });
    } else if (moved.review && review) {
      const known = client.getQueryData<ReviewOut>(["review", review.change_id, "summary"]);
      const own = known && known.accepted === (review.accepted ?? 0) && known.rejected === (review.rejected ?? 0) && known.open === (review.open ?? 0);
      // What was decided here shows already; another screen's verdicts and comments do not.
      if (own) void client.invalidateQueries({ queryKey: ["review", sessionId, "comments"] });
      else void client.invalidateQueries({ queryKey: ["review"] });
    }
  }, [client, sessionId, change, review]);
}

// The session's change beside the conversation: diff, review, history and terminal.
import { useQueryClient } from "@tanstack/react-query";
import { Columns2, Maximize2, Minimize2, Space, WrapText } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { useReview, useReviewFiles } from "../../shared/review/queries";
import { useHasTerminal } from "../../shared/api/terminal";
import type { ReviewSummary } from "../../shared/api/generated";
import type { Conversation, Item } from "../../shared/stream/conversation";
import { IconButton } from "../../shared/ui/Button";
import { ErrorBoundary } from "../../shared/ui/ErrorBoundary";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import styles from "./ChangePanel.module.css";
import { ChangeHeader } from "./ChangeHeader";
import { CommentBar } from "../../features/review/CommentBar";
import { FileList } from "../../features/files/FileList";
import { FileScroll } from "../../features/review/FileScroll";
import { LiveChange } from "../../features/history/LiveChange";
import { History } from "../../features/history/History";
import { setPanel, type Tab, usePanel } from "../../shared/session/panel";
import { AppliedNote } from "../../features/apply/AppliedNote";
import { PublishedDialog } from "../../features/apply/PublishedDialog";
import { setDiffView, useDiffView } from "../../shared/diff/diffView";

const TerminalView = lazy(() => import("../../features/terminal/TerminalView"));

interface ChangePanelProps {
  sessionId: string;
  changeId: string | null;
  runningTaskId: string | null;
  conversation: Conversation;
}

const TABS = { change: "Change", history: "History", terminal: "Terminal" } as const satisfies Record<Tab, string>;

export default function ChangePanel({ sessionId, changeId, runningTaskId, conversation }: ChangePanelProps) {
  const { tab, dialog, whole } = usePanel();
  const terminals = useHasTerminal(sessionId);
  const [live, showLive] = useState(false); // the running turn's edits in place of an earlier change
  useEffect(() => showLive(false), [runningTaskId]);
  useRefresh(sessionId, conversation);
  useEffect(() => {
    if (!changeId && dialog !== "undo") setPanel({ dialog: null }); // do not open this change's dialog for a later one
  }, [changeId, dialog]);
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
        <IconButton
          className={styles.whole}
          label={whole ? "Beside the conversation" : "On the whole screen"}
          icon={whole ? <Minimize2 /> : <Maximize2 />}
          onClick={() => setPanel({ whole: !whole })}
        />
      </div>
      <ErrorBoundary key={tab} what="The change">
        {tab === "terminal" ? (
          <Suspense fallback={<Loading />}>
            <TerminalView key={sessionId} sessionId={sessionId} />
          </Suspense>
        ) : tab === "history" ? (
          <History key={sessionId} sessionId={sessionId} items={conversation.items} />
        ) : (
          <>
            <AppliedNote key={`${sessionId} applied`} sessionId={sessionId} last={!changeId && !runningTaskId} />
            {runningTaskId && (
              <LiveChange key={runningTaskId} sessionId={sessionId} taskId={runningTaskId} conversation={conversation} beside={changeId !== null} onShown={showLive} />
            )}
            {changeId && !(runningTaskId && live) && <Review key={sessionId} sessionId={sessionId} changeId={changeId} />}
            {!changeId && !runningTaskId && <p className={styles.empty}>No change to review. The agent's edits to its copy of the files appear here.</p>}
          </>
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
      <IconButton
        label={view.space ? "Hide white space changes" : "Show white space changes"}
        icon={<Space />}
        aria-pressed={!view.space}
        onClick={() => setDiffView({ space: !view.space })}
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
    return failure ? <Failure error={failure} onRetry={() => Promise.all([retry(), retryFiles()])} /> : <Loading what="Loading the change" />;
  }
  return (
    <>
      <ChangeHeader review={review} files={files} />
      <FileList files={files} onChoose={setChosen} />
      <FileScroll changeId={changeId} sessionId={sessionId} files={files} chosen={chosen} onShown={shown} />
      <CommentBar sessionId={sessionId} rejected={review.rejected} />
    </>
  );
}

/** Whether an agent has produced anything, which implies a worktree. */
function isWork(item: Item): boolean {
  return item.kind === "message" && item.role === "assistant" && item.parts.length > 0;
}

/** Refresh when a frame reports that the change or its review moved; the old content stays until then. */
function useRefresh(sessionId: string, { change, review, items }: Conversation): void {
  const client = useQueryClient();
  const began = items.some(isWork);
  useEffect(() => {
    if (began) void client.invalidateQueries({ queryKey: ["snapshots", sessionId] }); // the first turn created the worktree
  }, [client, sessionId, began]);
  const before = useRef({ change, review });
  useEffect(() => {
    const moved = { change: change !== before.current.change, review: review !== before.current.review };
    before.current = { change, review };
    if (moved.change) {
      void client.invalidateQueries({ queryKey: ["review"] });
      void client.invalidateQueries({ queryKey: ["snapshots", sessionId] });
    } else if (moved.review && review) {
      const known = client.getQueryData<ReviewSummary>(["review", review.change_id, "summary"]);
      const own = known && known.accepted === (review.accepted ?? 0) && known.rejected === (review.rejected ?? 0) && known.open === (review.open ?? 0);
      // Verdicts set here show already; another screen's verdicts and comments do not.
      if (own) void client.invalidateQueries({ queryKey: ["review", sessionId, "comments"] });
      else void client.invalidateQueries({ queryKey: ["review"] });
    }
  }, [client, sessionId, change, review]);
}

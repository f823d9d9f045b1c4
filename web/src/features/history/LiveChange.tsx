// What the running turn has changed so far, read-only: it is reviewed once the turn has ended.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { call } from "../../shared/api/client";
import { isAway, useWorktree } from "../../shared/api/worktree";
import type { Conversation } from "../../shared/stream/conversation";
import { Button } from "../../shared/ui/Button";
import styles from "./LiveChange.module.css";
import { parsePatch } from "./parsePatch";
import { LineCounts } from "../../shared/review/LineCounts";
import { PatchScroll } from "./PatchScroll";

const EVERY_MS = 5_000; // besides the moments in which a tool call ends

interface LiveChangeProps {
  sessionId: string;
  taskId: string;
  conversation: Conversation;
  /** Whether there is an earlier change to review, which is then shown first. */
  beside: boolean;
  onShown: (shown: boolean) => void;
}

export function LiveChange({ sessionId, taskId, conversation, beside, onShown }: LiveChangeProps) {
  const [open, setOpen] = useState(!beside);
  const text = useTurnDiff(sessionId, taskId, conversation);
  const files = useMemo(() => parsePatch(text ?? ""), [text]);
  if (text === undefined) return null;
  const sum = (kind: "additions" | "deletions") => files.reduce((total, file) => total + file[kind], 0);
  const toggle = () => {
    setOpen(!open);
    onShown(!open);
  };
  return (
    <>
      <div className={styles.strip}>
        <p role="status">
          {files.length === 0 ? "The running turn has changed no files yet." : `This turn so far: ${files.length === 1 ? "1 file" : `${files.length} files`} `}
          <LineCounts additions={sum("additions")} deletions={sum("deletions")} />
        </p>
        {beside && files.length > 0 && (
          <Button small aria-expanded={open} onClick={toggle}>
            {open ? "Back to the review" : "Show"}
          </Button>
        )}
      </div>
      {open && files.length > 0 && <PatchScroll text={text} />}
    </>
  );
}

/** The difference between the snapshot before the turn and the files now; undefined while there is none. */
function useTurnDiff(sessionId: string, taskId: string, { items }: Conversation): string | undefined {
  const worktree = useWorktree(sessionId);
  const there = worktree !== undefined && !isAway(worktree);
  const ended = useMemo(() => toolsEnded(items, taskId), [items, taskId]);
  const before = useQuery({
    enabled: there,
    queryKey: ["snapshots", sessionId, "before", taskId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/snapshots", { path: { session_id: sessionId }, query: { limit: 1 } }, { signal }),
    select: (found) => found[0]?.id ?? "base",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const from = before.data;
  const diff = useQuery({
    enabled: from !== undefined,
    queryKey: ["snapshots", sessionId, "live", taskId, ended],
    queryFn: ({ signal }) =>
      call("GET /api/sessions/{session_id}/snapshots/compare/diff", { path: { session_id: sessionId }, query: { from: from ?? "base", to: "now" } }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    gcTime: 0,
  });
  return diff.data === undefined ? undefined : String(diff.data);
}

function toolsEnded(items: Conversation["items"], taskId: string): number {
  const turn = items.findLast((one) => one.kind === "message" && one.role === "assistant" && one.taskId === taskId);
  if (turn?.kind !== "message") return 0;
  return turn.parts.filter((part) => part.kind === "tool_call" && part.frame.status !== "running" && part.frame.status !== "pending").length;
}

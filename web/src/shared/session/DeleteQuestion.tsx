// Asks before sessions are deleted, and says what goes with them.
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/client";
import type { SessionContents, SessionDeletion } from "../api/generated";
import { useDeleteSessions } from "../api/session";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons, DialogText } from "../ui/Dialog";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { showError, showToast } from "../ui/Toasts";
import type { DeleteDialogProps } from "./DeleteDialog";
import styles from "./DeleteQuestion.module.css";

export default function DeleteQuestion({ sessionIds, onClose, onDone = onClose }: DeleteDialogProps) {
  const looks = useQueries({
    queries: sessionIds.map((id) => ({
      queryKey: ["deletion", id],
      queryFn: () => call("GET /api/sessions/{session_id}/deletion", { path: { session_id: id } }),
      staleTime: 0,
    })),
  });
  const found = looks.flatMap(({ data }) => (data ? [data] : []));
  const failed = looks.find(({ error }) => error);
  const what = sessionIds.length === 1 ? "this session" : `${sessionIds.length} sessions`;
  return (
    <Dialog alert size="small" title={`Delete ${what}?`} onClose={onClose}>
      {failed?.error && <Failure error={failed.error} onRetry={failed.refetch} />}
      {found.length < looks.length ? !failed && <Loading /> : <Ask found={found} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

function Ask({ found, onClose, onDone }: { found: SessionDeletion[]; onClose: () => void; onDone: () => void }) {
  const [agreed, agree] = useState(false);
  const [location, go] = useLocation();
  const remove = useDeleteSessions();
  const contents = found.map((one) => one.contents);
  const busy = contents.find((one) => one.open_tasks > 0);
  const pinned = contents.find((one) => one.pinned);
  const chosen = new Set(contents.map((one) => one.session_id));
  const begun = new Map(found.flatMap((one) => one.begun_from).map((one) => [one.id, one.title]));
  for (const id of chosen) begun.delete(id);
  const unapplied = contents.filter((one) => one.pending_change).length;
  const why = busy
    ? `“${visible(busy.title)}” has tasks that run or wait: stop or cancel them first.`
    : pinned && `“${visible(pinned.title)}” is pinned: unpin it first.`;
  const needsWord = unapplied > 0 || begun.size > 0;
  const inOrder = new Set(found.flatMap((one) => [...one.begun_from.map(({ id }) => id), one.contents.session_id]));
  const confirmed = () => {
    onDone();
    const away = [...inOrder].some((id) => location === `/sessions/${id}`);
    if (away) go("/"); // before: its page would ask for what is gone
    remove.mutate([...inOrder], {
      onSuccess: (ids) => showToast(`Deleted ${ids.length} session${ids.length === 1 ? "" : "s"}.`),
      onError: (error) => {
        if (away) go(location);
        showError(error);
      },
    });
  };
  return (
    <>
      <DialogText>
        {why ?? `The conversation with its ${sum(contents, "messages")} messages, the agent’s files, ${sum(contents, "snapshots")} snapshots and its use are deleted for good. Your own checkout stays as it is. To hide a session only, archive it.`}
      </DialogText>
      {!why && needsWord && (
        <label className={styles.word}>
          <input type="checkbox" checked={agreed} onChange={(event) => agree(event.target.checked)} />
          <span>
            {[
              unapplied > 0 && `Also ${unapplied === 1 ? "a change that is" : `${unapplied} changes that are`} not applied`,
              begun.size > 0 && `Also what was forked from it or started by its agents: ${[...begun.values()].map((title) => `“${visible(title)}”`).join(", ")}`,
            ]
              .filter(Boolean)
              .join(". ")}
          </span>
        </label>
      )}
      <DialogButtons>
        <Button onClick={onClose}>{why ? "Close" : "Cancel"}</Button>
        {!why && (
          <Button kind="danger" disabled={needsWord && !agreed} onClick={confirmed}>
            Delete
          </Button>
        )}
      </DialogButtons>
    </>
  );
}

function sum(found: readonly SessionContents[], field: "messages" | "snapshots"): number {
  return found.reduce((total, one) => total + one[field], 0);
}

// Actions on a history entry: rewind to it, or fork a session from it.
import { GitFork, Undo2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { useFork, useRewind } from "../../shared/api/session";
import type { SnapshotInfo } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { showError, showToast } from "../../shared/ui/Toasts";
import styles from "./History.module.css";

const WARNING =
  "Restores the files of this snapshot in the agent's copy. The current files are kept as a snapshot first, so this can be undone. Your own checkout and the conversation stay; the agent is informed.";

export function HistoryActions({ sessionId, snapshot }: { sessionId: string; snapshot: SnapshotInfo | null }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const rewind = useRewind(sessionId);
  const fork = useFork(sessionId);
  if (!snapshot) return null;
  return (
    <div className={styles.ways}>
      <Button small icon={<Undo2 />} disabled={rewind.isPending} onClick={() => setAsking(true)}>
        Rewind to this
      </Button>
      <Button small icon={<GitFork />} disabled={fork.isPending} onClick={() => fork.mutate(snapshot.id, { onSuccess: (made) => go(`/sessions/${made.session_id}`), onError: showError })}>
        Fork from here
      </Button>
      {asking && (
        <ConfirmDialog
          title="Rewind the session's files?"
          text={WARNING}
          action="Rewind"
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            rewind.mutate({ snapshot_id: snapshot.id }, { onSuccess: (done) => showToast(`Rewound ${done.files === 1 ? "1 file" : `${done.files} files`}.`), onError: showError });
          }}
        />
      )}
    </div>
  );
}

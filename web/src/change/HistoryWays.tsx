// What can be done with a moment of the history: go back to it, or begin another session there.
import { GitFork, Undo2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { useFork, useRewind } from "../api/session";
import type { SnapshotOut } from "../api/generated";
import { Button } from "../ui/Button";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { complain, say } from "../ui/Toasts";
import styles from "./History.module.css";

const WARNING =
  "The agent's copy gets the files of this moment. A snapshot of how they are now is taken first, so this can be undone. Your own checkout is not touched; the conversation stays, and the agent is told.";

export function HistoryWays({ sessionId, snapshot }: { sessionId: string; snapshot: SnapshotOut | null }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const rewind = useRewind(sessionId);
  const fork = useFork(sessionId);
  if (!snapshot) return null;
  return (
    <div className={styles.ways}>
      <Button small icon={<Undo2 />} disabled={rewind.isPending} onClick={() => setAsking(true)}>
        Go back to this
      </Button>
      <Button small icon={<GitFork />} disabled={fork.isPending} onClick={() => fork.mutate(snapshot.id, { onSuccess: (made) => go(`/sessions/${made.session_id}`), onError: complain })}>
        Fork from here
      </Button>
      {asking && (
        <ConfirmDialog
          title="Set the session's files back?"
          text={WARNING}
          action="Go back"
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            rewind.mutate({ snapshot_id: snapshot.id }, { onSuccess: (done) => say(`Set back: ${done.files === 1 ? "1 file" : `${done.files} files`}.`), onError: complain });
          }}
        />
      )}
    </div>
  );
}

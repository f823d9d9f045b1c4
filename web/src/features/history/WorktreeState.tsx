// The place of the worktree, and a button to restore it if it was removed.
import { call } from "../../shared/api/client";
import { useAction } from "../../shared/api/queries";
import { isAway, useWorktree } from "../../shared/api/worktree";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { showError, showToast } from "../../shared/ui/Toasts";
import styles from "./History.module.css";

export function WorktreeState({ sessionId }: { sessionId: string }) {
  const mine = useWorktree(sessionId);
  const restore = useAction(
    () => call("POST /api/sessions/{session_id}/worktree/restore", { path: { session_id: sessionId } }),
    ["snapshots", "session"],
  );
  if (!mine) return null;
  if (isAway(mine)) {
    return (
      <div className={styles.gone} role="status">
        <span>
          The agent's copy of the files was removed{mine.removed_why && `: ${visible(mine.removed_why)}`}. Its newest snapshot has all files; the next turn restores it.
        </span>
        <Button small disabled={restore.isPending} onClick={() => restore.mutate(undefined, { onSuccess: () => showToast("Files restored."), onError: showError })}>
          {restore.isPending ? "Restoring…" : "Restore now"}
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.place}>
      <code title={visible(mine.path)}>{visible(mine.path)}</code>
      <CopyButton text={mine.path} what="the path of the agent's copy" />
    </div>
  );
}

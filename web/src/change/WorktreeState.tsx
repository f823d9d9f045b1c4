// Where the agent's copy of the files is, and the way back where it was put away.
import { call } from "../api/client";
import { useAction } from "../api/queries";
import { isAway, useWorktree } from "../api/worktree";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { complain, say } from "../ui/Toasts";
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
          The agent's copy of the files was put away{mine.removed_why && `: ${visible(mine.removed_why)}`}. Its newest snapshot holds all of it; the next turn brings it back.
        </span>
        <Button small disabled={restore.isPending} onClick={() => restore.mutate(undefined, { onSuccess: () => say("The files are back."), onError: complain })}>
          {restore.isPending ? "Bringing it back…" : "Bring it back now"}
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

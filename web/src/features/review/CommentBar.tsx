// The number of unsent comments, and the button that sends them to the agent as one task.
import { useState } from "react";
import { useComments, useSendComments } from "../../shared/review/queries";
import { Button } from "../../shared/ui/Button";
import { showError, showToast } from "../../shared/ui/Toasts";
import styles from "./CommentBar.module.css";

export function CommentBar({ sessionId, rejected }: { sessionId: string; rejected: number }) {
  const { data: comments = [] } = useComments(sessionId);
  const [withRejected, setWithRejected] = useState(true);
  const send = useSendComments(sessionId);
  if (comments.length === 0) return null;
  const submit = () =>
    send.mutate(withRejected && rejected > 0, { onSuccess: () => showToast("Review sent to the agent."), onError: showError });
  return (
    <section className={styles.bar} aria-label="Unsent comments">
      <span>{comments.length === 1 ? "1 unsent comment" : `${comments.length} unsent comments`}</span>
      {rejected > 0 && (
        <label>
          <input type="checkbox" checked={withRejected} onChange={(event) => setWithRejected(event.target.checked)} /> say what was rejected, too
        </label>
      )}
      <Button small kind="primary" disabled={send.isPending} onClick={submit}>
        {comments.length === 1 ? "Send 1 comment to the agent" : `Send ${comments.length} comments to the agent`}
      </Button>
    </section>
  );
}

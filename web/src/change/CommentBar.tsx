// How many comments wait, and the button that sends them all to the agent as one task.
import { useState } from "react";
import { useComments, useSendComments } from "../api/review";
import { Button } from "../ui/Button";
import { complain, say } from "../ui/Toasts";
import styles from "./CommentBar.module.css";

export function CommentBar({ sessionId, rejected }: { sessionId: string; rejected: number }) {
  const { data: comments = [] } = useComments(sessionId);
  const [withRejected, setWithRejected] = useState(true);
  const send = useSendComments(sessionId);
  if (comments.length === 0) return null;
  const submit = () =>
    send.mutate(withRejected && rejected > 0, { onSuccess: () => say("The review is on its way to the agent."), onError: complain });
  return (
    <section className={styles.bar} aria-label="Comments that wait">
      <span>{comments.length === 1 ? "1 comment waits" : `${comments.length} comments wait`}</span>
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

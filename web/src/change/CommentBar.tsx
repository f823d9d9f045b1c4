// The remarks that wait, and the button that sends them all to the agent as one task.
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import { useComments, useSendComments } from "../api/review";
import { visible } from "../text/visible";
import { Button, IconButton } from "../ui/Button";
import { complain, say } from "../ui/Toasts";
import styles from "./CommentBar.module.css";

export function CommentBar({ sessionId, rejected }: { sessionId: string; rejected: number }) {
  const { data: comments = [] } = useComments(sessionId);
  const [withRejected, setWithRejected] = useState(true);
  const send = useSendComments(sessionId);
  const drop = useAction((id: string) => call("DELETE /api/comments/{comment_id}", { path: { comment_id: id } }), ["review"]);
  if (comments.length === 0) return null;
  const submit = () =>
    send.mutate(withRejected && rejected > 0, { onSuccess: () => say("The review is on its way to the agent."), onError: complain });
  return (
    <section className={styles.bar} aria-label="Comments that wait">
      <ul>
        {comments.map((one) => (
          <li key={one.id}>
            <code>
              {visible(one.path)}:{one.first_line}
            </code>
            <span>{visible(one.body)}</span>
            <IconButton label="Delete the comment" icon={<Trash2 />} onClick={() => drop.mutate(one.id, { onError: complain })} />
          </li>
        ))}
      </ul>
      <div className={styles.send}>
        {rejected > 0 && (
          <label>
            <input type="checkbox" checked={withRejected} onChange={(event) => setWithRejected(event.target.checked)} /> say what was rejected, too
          </label>
        )}
        <Button small kind="primary" disabled={send.isPending} onClick={submit}>
          {comments.length === 1 ? "Send 1 comment to the agent" : `Send ${comments.length} comments to the agent`}
        </Button>
      </div>
    </section>
  );
}

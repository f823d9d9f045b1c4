// An unsent comment at its lines, which can be edited and deleted.
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import type { ReviewComment } from "../../shared/api/generated";
import { useDeleteComment, useEditComment } from "../../shared/review/queries";
import { visible } from "../../shared/text/visible";
import { Button, IconButton } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./CommentNote.module.css";

export function CommentNote({ comment }: { comment: ReviewComment }) {
  const [draft, setDraft] = useState<string | null>(null);
  const edit = useEditComment();
  const drop = useDeleteComment();
  const save = () => {
    if (!draft?.trim() || edit.isPending) return;
    edit.mutate({ id: comment.id, body: draft }, { onSuccess: () => setDraft(null), onError: showError });
  };
  const pressed = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    if (event.key === "Escape") setDraft(null);
  };
  if (draft !== null) {
    return (
      <div className={styles.note}>
        <textarea autoFocus rows={3} aria-label="Comment" value={draft} onChange={(event) => setDraft(event.target.value)} onKeyDown={pressed} />
        <div className={styles.buttons}>
          <Button small kind="primary" disabled={!draft.trim() || edit.isPending} onClick={save}>
            Save
          </Button>
          <Button small onClick={() => setDraft(null)}>
            Cancel
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className={styles.note} role="note" aria-label={`Your comment on line ${comment.last_line}`}>
      <p>{visible(comment.body)}</p>
      <IconButton label="Edit the comment" icon={<Pencil />} onClick={() => setDraft(comment.body)} />
      <IconButton label="Delete the comment" icon={<Trash2 />} disabled={drop.isPending} onClick={() => drop.mutate(comment.id, { onError: showError })} />
    </div>
  );
}

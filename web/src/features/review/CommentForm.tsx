// The form of a comment on lines of the change. Saved comments wait until all are sent.
import { useEffect, useId, useRef } from "react";
import { useAddComment } from "../../shared/review/queries";
import type { ReviewedFile } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./CommentForm.module.css";
import type { CommentDraft } from "./commentDrafts";

interface CommentFormProps {
  changeId: string;
  file: ReviewedFile;
  remark: CommentDraft;
  onChange: (remark: CommentDraft | null) => void;
}

export function CommentForm({ changeId, file, remark, onChange }: CommentFormProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const add = useAddComment(changeId);
  const { first, last, side, text } = remark;
  useEffect(() => {
    if (!remark.text) field.current?.focus(); // focus a new form only, not one that scrolls back into view
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [first, side]);
  const close = () => {
    const unit = field.current?.closest<HTMLElement>("[data-unit]");
    onChange(null);
    unit?.focus({ preventScroll: true });
  };
  const submit = () => {
    if (!text.trim() || add.isPending) return;
    const body = { path: file.path, path_coded: file.path_coded, side, first_line: first, last_line: last, body: text };
    add.mutate(body, { onSuccess: close, onError: showError });
  };
  const pressed = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    if (event.key === "Escape" && !text) close();
  };
  return (
    <div className={styles.form}>
      <label htmlFor={id}>
        Comment on {wordsOf(remark)}
        {side === "old" ? " before the change" : ""}
      </label>
      <textarea id={id} ref={field} rows={3} value={text} onChange={(event) => onChange({ ...remark, text: event.target.value })} onKeyDown={pressed} />
      <div className={styles.buttons}>
        <Button small kind="primary" disabled={!text.trim() || add.isPending} onClick={submit}>
          Add to the review
        </Button>
        <Button small onClick={close}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function wordsOf({ first, last }: CommentDraft): string {
  if (first === 0) return "the file";
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

// A comment on lines of the change, while it is written; then it waits until all of them are sent.
import { useEffect, useId, useRef } from "react";
import { useAddComment } from "../api/review";
import type { ReviewFileOut } from "../api/generated";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import styles from "./CommentForm.module.css";
import type { Remark } from "./remarks";

interface CommentFormProps {
  changeId: string;
  file: ReviewFileOut;
  remark: Remark;
  onChange: (remark: Remark | null) => void;
}

export function CommentForm({ changeId, file, remark, onChange }: CommentFormProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const add = useAddComment(changeId);
  const { first, last, side, text } = remark;
  useEffect(() => {
    if (!remark.text) field.current?.focus(); // it was just opened; one that comes back into view leaves the focus
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
    add.mutate(body, { onSuccess: close, onError: complain });
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

function wordsOf({ first, last }: Remark): string {
  if (first === 0) return "the file";
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}

// A remark on lines of the change; it waits until all of them are sent.
import { useEffect, useId, useRef, useState } from "react";
import { useAddComment } from "../api/review";
import type { ReviewFileOut } from "../api/generated";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import styles from "./CommentForm.module.css";

interface CommentFormProps {
  changeId: string;
  file: ReviewFileOut;
  range: { first: number; last: number; side: "old" | "new" };
  onClose: () => void;
}

export function CommentForm({ changeId, file, range, onClose }: CommentFormProps) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const add = useAddComment(changeId);
  useEffect(() => field.current?.focus(), []);
  const lines = range.first === range.last ? `line ${range.first}` : `lines ${range.first} to ${range.last}`;
  const submit = () => {
    if (!text.trim() || add.isPending) return;
    const body = { path: file.path, path_coded: file.path_coded, side: range.side, first_line: range.first, last_line: range.last, body: text };
    add.mutate(body, { onSuccess: onClose, onError: complain });
  };
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    if (event.key === "Escape" && !text) onClose();
  };
  return (
    <div className={styles.form}>
      <label htmlFor={id}>
        Comment on {lines}
        {range.side === "old" ? " before the change" : ""}
      </label>
      <textarea id={id} ref={field} rows={3} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={pressed} />
      <div className={styles.buttons}>
        <Button small kind="primary" disabled={!text.trim() || add.isPending} onClick={submit}>
          Add to the review
        </Button>
        <Button small onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

// Edits the new lines of a unit before it is accepted.
import { useEffect, useId, useRef, useState } from "react";
import type { ReviewUnit } from "../../shared/api/generated";
import { useEditUnit } from "../../shared/review/units";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./CommentForm.module.css";
import { endedAs, newText } from "./unitText";

interface UnitTextFormProps {
  changeId: string;
  unit: ReviewUnit;
  onClose: () => void;
}

export function UnitTextForm({ changeId, unit, onClose }: UnitTextFormProps) {
  const [text, setText] = useState(unit.edited ?? newText(unit));
  const [rejects, setRejects] = useState(unit.rest !== "open");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const edit = useEditUnit(changeId);
  useEffect(() => field.current?.focus(), []);
  const save = () => {
    if (edit.isPending) return;
    const body = { unit: unit.id, text: endedAs(unit, text), rest: rejects ? "rejected" : "open" } as const;
    edit.mutate(body, { onSuccess: onClose, onError: showError });
  };
  const pressed = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    if (event.key === "Escape") onClose();
  };
  return (
    <div className={styles.form}>
      <label htmlFor={id}>Your text in place of the agent's lines</label>
      <textarea id={id} ref={field} rows={Math.min(20, text.split("\n").length + 1)} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={pressed} />
      <label>
        <input type="checkbox" checked={rejects} onChange={(event) => setRejects(event.target.checked)} /> Reject the agent's lines; otherwise they stay open
      </label>
      <div className={styles.buttons}>
        <Button small kind="primary" disabled={edit.isPending} onClick={save}>
          Accept my text
        </Button>
        <Button small onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

// Edits a pending message. The list has only its beginning, so the full text is fetched first.
import { useEffect, useRef, useState } from "react";
import { call } from "../../shared/api/client";
import type { TaskInfo } from "../../shared/api/generated";
import { useEdit } from "../../shared/queue/queries";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./QueueEdit.module.css";

export function QueueEdit({ task, onDone }: { task: TaskInfo; onDone: () => void }) {
  const [text, setText] = useWholePrompt(task, onDone);
  const edit = useEdit();
  const field = useRef<HTMLTextAreaElement>(null);
  const loading = text === null;
  useEffect(() => {
    if (!loading) field.current?.focus();
  }, [loading]);
  const save = () => {
    if (!text?.trim()) return;
    edit.mutate({ taskId: task.id, prompt: text }, { onError: showError, onSettled: onDone });
  };
  const pressed = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") onDone();
    else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) save();
    else return;
    event.preventDefault();
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={field}
        aria-label="Queued message"
        rows={Math.min(8, (text ?? "").split("\n").length + 1)}
        value={text ?? task.prompt}
        disabled={text === null}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={pressed}
      />
      <div className={styles.buttons}>
        <Button small onClick={onDone}>
          Cancel
        </Button>
        <Button small kind="primary" type="submit" disabled={!text?.trim() || edit.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

function useWholePrompt(task: TaskInfo, onFailed: () => void): [string | null, (text: string) => void] {
  const whole = Array.from(task.prompt).length === task.prompt_chars;
  const [text, setText] = useState<string | null>(whole ? task.prompt : null);
  const failed = useRef(onFailed);
  failed.current = onFailed;
  useEffect(() => {
    if (whole) return undefined;
    const stop = new AbortController();
    call("GET /api/tasks/{task_id}", { path: { task_id: task.id } }, { signal: stop.signal }).then(
      (found) => setText(found.prompt),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        showError(error);
        failed.current();
      },
    );
    return () => stop.abort();
  }, [task.id, whole]);
  return [text, setText];
}

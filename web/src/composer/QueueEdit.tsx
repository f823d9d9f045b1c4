// Changes the words of a message that waits. The list holds its beginning only, so the whole is asked for first.
import { useEffect, useRef, useState } from "react";
import { call } from "../api/client";
import type { TaskOut } from "../api/generated";
import { useEdit } from "../api/queue";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import styles from "./QueueEdit.module.css";

export function QueueEdit({ task, onDone }: { task: TaskOut; onDone: () => void }) {
  const [text, setText] = useWholePrompt(task, onDone);
  const edit = useEdit();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), [text === null]);
  const save = () => {
    if (!text?.trim()) return;
    edit.mutate({ taskId: task.id, prompt: text }, { onError: complain, onSettled: onDone });
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
        aria-label="Waiting message"
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

function useWholePrompt(task: TaskOut, onFailed: () => void): [string | null, (text: string) => void] {
  const whole = Array.from(task.prompt).length === task.prompt_chars;
  const [text, setText] = useState<string | null>(whole ? task.prompt : null);
  useEffect(() => {
    if (whole) return undefined;
    const stop = new AbortController();
    call("GET /api/tasks/{task_id}", { path: { task_id: task.id } }, { signal: stop.signal }).then(
      (found) => setText(found.prompt),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        complain(error);
        onFailed();
      },
    );
    return () => stop.abort();
  }, [task.id]);
  return [text, setText];
}

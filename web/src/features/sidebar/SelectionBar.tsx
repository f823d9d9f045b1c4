// What can be done with several selected sessions at once.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../../shared/api/client";
import type { SessionState } from "../../shared/api/generated";
import { DeleteDialog } from "../../shared/session/DeleteDialog";
import { Button } from "../../shared/ui/Button";
import { showToast } from "../../shared/ui/Toasts";
import styles from "./SelectionBar.module.css";

interface SelectionBarProps {
  selected: ReadonlySet<string>;
  /** The state that they are given: of an archived list they are reopened. */
  state: SessionState;
  onAll: () => void;
  onDone: () => void;
}

export function SelectionBar({ selected, state, onAll, onDone }: SelectionBarProps) {
  const client = useQueryClient();
  const [removing, remove] = useState(false);
  const change = useMutation({
    mutationFn: async () => {
      // One after the other: each is a transaction that refuses a session with tasks.
      const refused: string[] = [];
      for (const id of selected) {
        await call("PATCH /api/sessions/{session_id}", { path: { session_id: id }, body: { state } }).catch((error: Error) => refused.push(error.message));
      }
      return refused;
    },
    onSuccess: (refused) => {
      const done = selected.size - refused.length;
      const what = state === "archived" ? "Archived" : "Reopened";
      showToast(`${what} ${done} session${done === 1 ? "" : "s"}.${refused.length ? ` ${refused.length} could not be ${what.toLowerCase()}: ${refused[0]}` : ""}`);
      onDone();
    },
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["sessions"] }), client.invalidateQueries({ queryKey: ["session"] })]),
  });
  return (
    <div className={styles.bar} role="toolbar" aria-label="Selected sessions">
      <span role="status">{selected.size} selected</span>
      <Button small kind="primary" disabled={selected.size === 0 || change.isPending} onClick={() => change.mutate()}>
        {state === "archived" ? "Archive" : "Reopen"}
      </Button>
      <Button small disabled={selected.size === 0} onClick={() => remove(true)}>
        Delete…
      </Button>
      <Button small onClick={onAll}>
        All
      </Button>
      <Button small onClick={onDone}>
        Cancel
      </Button>
      {removing && <DeleteDialog sessionIds={[...selected]} onClose={() => remove(false)} onDone={onDone} />}
    </div>
  );
}

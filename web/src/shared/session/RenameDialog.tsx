// Renames a session.
import { useState } from "react";
import { usePatchSession } from "../api/session";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import { showError } from "../ui/Toasts";
import styles from "./RenameDialog.module.css";

const TITLE_MAX_CHARS = 200; // the service's limit

export function RenameDialog({ session, onClose }: { session: { id: string; title: string }; onClose: () => void }) {
  const [title, setTitle] = useState(session.title);
  const patch = usePatchSession(session.id);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    patch.mutate({ title: title.trim() }, { onSuccess: onClose, onError: showError });
  };
  return (
    <Dialog size="small" title="Rename the session" onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <input
          aria-label="Session title"
          className={styles.field}
          value={title}
          maxLength={TITLE_MAX_CHARS}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTitle(event.target.value)}
        />
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!title.trim() || patch.isPending}>
            Rename
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

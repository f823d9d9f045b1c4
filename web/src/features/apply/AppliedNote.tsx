// The change that the session applied last, with a way back.
import { Undo2 } from "lucide-react";
import { useEffect } from "react";
import { undoApply, useLastApplied } from "../../shared/review/applied";
import { setPanel, usePanel } from "../../shared/session/panel";
import { Button } from "../../shared/ui/Button";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { showToast } from "../../shared/ui/Toasts";
import styles from "./AppliedNote.module.css";

const close = () => setPanel({ dialog: null });

export function AppliedNote({ sessionId }: { sessionId: string }) {
  const { data: applied } = useLastApplied(sessionId);
  const { dialog } = usePanel();
  const nothing = dialog === "undo" && applied === null;
  useEffect(() => {
    if (!nothing) return;
    close();
    showToast("Nothing was applied in this session.");
  }, [nothing]);
  if (!applied) return null;
  const confirmed = () => {
    close();
    void undoApply(applied.id);
  };
  return (
    <section className={styles.note} aria-label="Applied last">
      <p>
        Applied: <span className={styles.added}>+{applied.additions}</span> <span className={styles.removed}>−{applied.deletions}</span>
      </p>
      <Button small icon={<Undo2 />} onClick={() => setPanel({ dialog: "undo" })}>
        Undo
      </Button>
      {dialog === "undo" && (
        <ConfirmDialog
          title="Undo the last apply?"
          text="Takes the change out of your working tree again and makes it pending. Your own edits stay, also later ones; where they overlap nothing is written."
          action="Undo the apply"
          onCancel={close}
          onConfirm={confirmed}
        />
      )}
    </section>
  );
}

// The change that the session applied last: where it is, the way back, and what can come next.
import { Archive, Undo2 } from "lucide-react";
import { useEffect } from "react";
import { usePatchSession } from "../../shared/api/session";
import type { ChangeSummary } from "../../shared/api/generated";
import { undoApply, useLastApplied } from "../../shared/review/applied";
import { setPanel, usePanel } from "../../shared/session/panel";
import { visible } from "../../shared/text/visible";
import { age } from "../../shared/text/times";
import { Button } from "../../shared/ui/Button";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { CopyButton } from "../../shared/ui/CopyButton";
import { showError, showToast } from "../../shared/ui/Toasts";
import { LineCounts } from "../../shared/review/LineCounts";
import styles from "./AppliedNote.module.css";

interface AppliedNoteProps {
  sessionId: string;
  /** Whether nothing else waits here: then it says what can come next. */
  last: boolean;
}

const close = () => setPanel({ dialog: null });

export function AppliedNote({ sessionId, last }: AppliedNoteProps) {
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
  const lines = applied.additions + applied.deletions;
  const undoable = applied.applied_target === "checkout";
  return (
    <section className={styles.note} aria-label="Applied last">
      <div className={styles.what}>
        <p>
          {where(applied)}
          {lines > 0 && ": "}
          <LineCounts additions={applied.additions} deletions={applied.deletions} />
          {applied.decided_at && <span className={styles.age}> {age(new Date(applied.decided_at))}</span>}
        </p>
        {undoable && (
          <Button small icon={<Undo2 />} onClick={() => setPanel({ dialog: "undo" })}>
            Undo
          </Button>
        )}
      </div>
      {last && <Next sessionId={sessionId} applied={applied} />}
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

/** Commands and buttons for what usually follows. */
function Next({ sessionId, applied }: { sessionId: string; applied: ChangeSummary }) {
  const patch = usePatchSession(sessionId);
  const branch = branchOf(applied);
  const steps =
    applied.applied_target === "checkout"
      ? [{ words: "To commit it, in your repository:", command: "git add -A && git commit" }]
      : [{ words: "To publish it, in your repository:", command: branch ? `git push -u origin ${branch}` : "git push" }];
  const archive = () => patch.mutate({ state: "archived" }, { onSuccess: () => showToast("Archived."), onError: showError });
  return (
    <div className={styles.next}>
      {steps.map(({ words, command }) => (
        <p key={command}>
          {words} <code>{visible(command)}</code> <CopyButton text={command} what="the command" />
        </p>
      ))}
      <p>Go on by writing to the agent, or put the session away.</p>
      <Button small icon={<Archive />} disabled={patch.isPending} onClick={archive}>
        Archive the session
      </Button>
    </div>
  );
}

function branchOf(applied: ChangeSummary): string {
  return (applied.applied_ref ?? "").replace("refs/heads/", "");
}

function where(applied: ChangeSummary): string {
  const branch = visible(branchOf(applied));
  if (applied.applied_target === "branch") return `Applied as the branch ${branch}`;
  if (applied.applied_target === "commit") return branch ? `Committed on ${branch}` : "Committed";
  return "Applied to your working tree";
}

// Where the accepted parts go: into the checkout, a commit, or a branch. Conflicts are shown; nothing was touched then.
import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import { Problem } from "../api/client";
import { useApply } from "../api/review";
import type { AppliedOut, ApplyInput, ReviewOut } from "../api/generated";
import { Button } from "../ui/Button";
import { say } from "../ui/Toasts";
import { Conflicts, conflictsOf } from "./Conflicts";
import styles from "./ApplyDialog.module.css";

type Target = "checkout" | "commit" | "branch";

const TARGETS: { value: Target; title: string; text: string }[] = [
  { value: "checkout", title: "Your working tree", text: "Merged into your files as they are now; your own edits stay. Nothing is committed." },
  { value: "commit", title: "A commit on your branch", text: "The same, and committed. Your uncommitted edits are not in the commit." },
  { value: "branch", title: "A new branch", text: "Your files are not touched." },
];

export function ApplyDialog({ review, onClose }: { review: ReviewOut; onClose: () => void }) {
  const [target, setTarget] = useState<Target>("checkout");
  const [select, setSelect] = useState<"accepted" | "not_rejected">(review.accepted > 0 ? "accepted" : "not_rejected");
  const [message, setMessage] = useState("");
  const [branch, setBranch] = useState("");
  const [byTurn, setByTurn] = useState(false);
  const apply = useApply(review.change_id);
  const body: ApplyInput = {
    target,
    select,
    message: (target !== "checkout" && message.trim()) || null,
    branch: (target === "branch" && branch.trim()) || null,
    by_turn: target === "branch" && byTurn,
  };
  const done = (applied: AppliedOut) => {
    say(words(applied), applied.left.length ? `Left out: ${applied.left.join(", ")}` : undefined);
    onClose();
  };
  const parts = select === "accepted" ? review.accepted : review.accepted + review.open;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup}>
          <Dialog.Title className={styles.title}>Apply the change</Dialog.Title>
          <fieldset className={styles.group}>
            <legend>What</legend>
            <Choice name="select" checked={select === "accepted"} disabled={review.accepted === 0} onChange={() => setSelect("accepted")} title={`What you accepted (${review.accepted})`} />
            <Choice name="select" checked={select === "not_rejected"} onChange={() => setSelect("not_rejected")} title={`All that you did not reject (${review.accepted + review.open})`} />
          </fieldset>
          <fieldset className={styles.group}>
            <legend>Where to</legend>
            {TARGETS.map((one) => (
              <Choice key={one.value} name="target" checked={target === one.value} onChange={() => setTarget(one.value)} title={one.title} text={one.text} />
            ))}
          </fieldset>
          {target === "branch" && (
            <label className={styles.field}>
              Name of the branch
              <input value={branch} placeholder="left empty: made from the session's title" spellCheck={false} onChange={(event) => setBranch(event.target.value)} />
            </label>
          )}
          {target !== "checkout" && (
            <label className={styles.field}>
              Message
              <textarea rows={3} value={message} placeholder="left empty: written from the session" onChange={(event) => setMessage(event.target.value)} />
            </label>
          )}
          {target === "branch" && select === "not_rejected" && review.rejected === 0 && (
            <label className={styles.check}>
              <input type="checkbox" checked={byTurn} onChange={(event) => setByTurn(event.target.checked)} /> one commit a turn
            </label>
          )}
          <Failure error={apply.error} changeId={review.change_id} onResolved={onClose} />
          <div className={styles.buttons}>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" disabled={apply.isPending || parts === 0} onClick={() => apply.mutate(body, { onSuccess: done })}>
              {apply.isPending ? "Applying…" : `Apply ${parts === 1 ? "1 part" : `${parts} parts`}`}
            </Button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface ChoiceProps {
  name: string;
  checked: boolean;
  disabled?: boolean;
  onChange: () => void;
  title: string;
  text?: string;
}

function Choice({ name, checked, disabled = false, onChange, title, text }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      <input type="radio" name={name} checked={checked} disabled={disabled} onChange={onChange} />
      <span>
        {title}
        {text && <small>{text}</small>}
      </span>
    </label>
  );
}

function Failure({ error, changeId, onResolved }: { error: Error | null; changeId: string; onResolved: () => void }) {
  if (!error) return null;
  const conflicts = error instanceof Problem ? conflictsOf(error) : [];
  return (
    <div className={styles.failure} role="alert">
      <p>{error instanceof Problem && conflicts.length ? "Your files stand against it. Nothing was touched." : error.message}</p>
      {conflicts.length > 0 && <Conflicts conflicts={conflicts} changeId={changeId} onResolved={onResolved} />}
    </div>
  );
}

function words(applied: AppliedOut): string {
  if (applied.already_applied) return "It was applied before.";
  if (applied.target === "branch") return `Made the branch ${(applied.ref ?? "").replace("refs/heads/", "")}.`;
  const files = applied.files_written === 1 ? "1 file" : `${applied.files_written} files`;
  return applied.target === "commit" ? `Committed ${(applied.commit ?? "").slice(0, 10)}, ${files}.` : `Applied to your working tree: ${files}.`;
}

// Where the parts go: into the checkout, a commit, or a branch. What it would do is shown before.
import { useState } from "react";
import { Problem } from "../api/client";
import { useApply } from "../api/review";
import type { AppliedOut, ApplyInput, ReviewOut } from "../api/generated";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import { complain, say } from "../ui/Toasts";
import { ApplyPreview } from "./ApplyPreview";
import { Choice } from "./Choice";
import { conflictsOf } from "./Conflicts";
import styles from "./ApplyDialog.module.css";
import { countParts, firstParts, WhichParts } from "./WhichParts";

type Target = "checkout" | "commit" | "branch";

const TARGETS: { value: Target; title: string; text: string; action: string }[] = [
  { value: "checkout", title: "Your working tree", text: "Merged into your files as they are now; your own edits stay. Nothing is committed.", action: "Apply to my working tree" },
  { value: "commit", title: "A commit on your branch", text: "The same, and committed. Your uncommitted edits are not in the commit.", action: "Commit on my branch" },
  { value: "branch", title: "A new branch", text: "Your files are not touched.", action: "Make the branch" },
];

export function ApplyDialog({ review, onClose }: { review: ReviewOut; onClose: () => void }) {
  const [target, setTarget] = useState<Target>("checkout");
  const [select, setSelect] = useState(firstParts(review));
  const [message, setMessage] = useState("");
  const [branch, setBranch] = useState("");
  const [byTurn, setByTurn] = useState(false);
  const apply = useApply(review.change_id);
  const base: ApplyInput = { target, select };
  const body: ApplyInput = {
    ...base,
    message: (target !== "checkout" && message.trim()) || null,
    branch: (target === "branch" && branch.trim()) || null,
    by_turn: target === "branch" && byTurn,
  };
  const done = (applied: AppliedOut) => {
    say(words(applied), applied.left.length ? `Left out: ${applied.left.join(", ")}` : undefined);
    onClose();
  };
  const failed = (error: unknown) => {
    if (!(error instanceof Problem) || conflictsOf(error).length === 0) complain(error);
  };
  return (
    <Dialog title="Apply the change" onClose={onClose}>
      <WhichParts review={review} value={select} onChange={setSelect} />
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
      {/* asked again after an apply that failed: the files may have moved meanwhile */}
      <ApplyPreview key={apply.failureReason ? apply.submittedAt : 0} changeId={review.change_id} body={base} onResolved={onClose} />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={apply.isPending || countParts(review, select) === 0} onClick={() => apply.mutate(body, { onSuccess: done, onError: failed })}>
          {apply.isPending ? "Applying…" : TARGETS.find((one) => one.value === target)?.action}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}

function words(applied: AppliedOut): string {
  if (applied.already_applied) return "It was applied before.";
  if (applied.target === "branch") return `Made the branch ${(applied.ref ?? "").replace("refs/heads/", "")}.`;
  const files = applied.files_written === 1 ? "1 file" : `${applied.files_written} files`;
  return applied.target === "commit" ? `Committed ${(applied.commit ?? "").slice(0, 10)}, ${files}.` : `Applied to your working tree: ${files}.`;
}

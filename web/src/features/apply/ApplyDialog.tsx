// Applies the change to the working tree, a commit or a branch, after a preview.
import { useState } from "react";
import { Problem } from "../../shared/api/client";
import { undoApply } from "../../shared/review/applied";
import { useApply, useApplyPreview } from "../../shared/review/queries";
import type { ApplyResult, ApplyInput, ReviewSummary } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../shared/ui/Dialog";
import { showError, showToast } from "../../shared/ui/Toasts";
import { ApplyPreview } from "./ApplyPreview";
import { RadioOption } from "./RadioOption";
import { conflictsOf } from "./Conflicts";
import { FilteredFiles } from "./FilteredFiles";
import { KeepCommits } from "./KeepCommits";
import styles from "./ApplyDialog.module.css";
import { countParts, firstParts, PartsChoice } from "./PartsChoice";

type Target = "checkout" | "commit" | "branch";

const TARGETS: { value: Target; title: string; text: string; action: string }[] = [
  { value: "checkout", title: "Your working tree", text: "Merged into your files as they are now; your own edits stay. Nothing is committed.", action: "Apply to my working tree" },
  { value: "commit", title: "A commit on your branch", text: "Merged the same way, and committed. Your uncommitted edits stay out of the commit.", action: "Commit on my branch" },
  { value: "branch", title: "A new branch", text: "Your files are not touched.", action: "Create the branch" },
];

export function ApplyDialog({ review, onClose }: { review: ReviewSummary; onClose: () => void }) {
  const [target, setTarget] = useState<Target>("checkout");
  const [select, setSelect] = useState(firstParts(review));
  const [message, setMessage] = useState("");
  const [branch, setBranch] = useState("");
  const [byTurn, setByTurn] = useState(false);
  const [keep, setKeep] = useState(false);
  const [filtered, setFiltered] = useState(false);
  const whole = review.rejected === 0 && (select === "not_rejected" || review.open === 0);
  const keepable = target !== "checkout" && whole;
  const base: ApplyInput = { target, select, keep_commits: keepable && keep, filtered: target !== "checkout" && filtered };
  const apply = useApply(review.change_id);
  const preview = useApplyPreview(review.change_id, base);
  const blocked = preview.data !== undefined && preview.data.conflicts.length > 0;
  const body: ApplyInput = {
    ...base,
    message: (target !== "checkout" && message.trim()) || null,
    branch: (target === "branch" && branch.trim()) || null,
    by_turn: target === "branch" && byTurn && !base.keep_commits,
  };
  const done = (applied: ApplyResult) => {
    const undo = applied.target === "checkout" && !applied.already_applied ? { label: "Undo", run: () => void undoApply(review.change_id) } : undefined;
    showToast(words(applied), applied.left.length ? `Left out: ${applied.left.join(", ")}` : undefined, undo);
    onClose();
  };
  const failed = (error: unknown) => {
    if (!(error instanceof Problem) || conflictsOf(error).length === 0) showError(error);
    else void preview.refetch(); // shows the conflicts
  };
  return (
    <Dialog title="Apply the change" onClose={onClose}>
      <PartsChoice review={review} value={select} onChange={setSelect} />
      <fieldset className={styles.group}>
        <legend>Target</legend>
        {TARGETS.map((one) => (
          <RadioOption key={one.value} name="target" checked={target === one.value} onChange={() => setTarget(one.value)} title={one.title} text={one.text} />
        ))}
      </fieldset>
      {target === "branch" && (
        <label className={styles.field}>
          Branch name
          <input value={branch} placeholder="default: from the session's title" spellCheck={false} onChange={(event) => setBranch(event.target.value)} />
        </label>
      )}
      {target !== "checkout" && (
        <label className={styles.field}>
          Message
          <textarea rows={3} value={message} placeholder="default: written from the session" onChange={(event) => setMessage(event.target.value)} />
        </label>
      )}
      {keepable && <KeepCommits changeId={review.change_id} value={keep} onChange={setKeep} />}
      {target === "branch" && !base.keep_commits && select === "not_rejected" && review.rejected === 0 && (
        <label className={styles.check}>
          <input type="checkbox" checked={byTurn} onChange={(event) => setByTurn(event.target.checked)} /> one commit per turn
        </label>
      )}
      {target !== "checkout" && <FilteredFiles error={preview.error} value={filtered} onChange={setFiltered} />}
      <ApplyPreview key={review.change_id} changeId={review.change_id} body={base} preview={preview} onAsked={onClose} />
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={apply.isPending || blocked || countParts(review, select) === 0} onClick={() => apply.mutate(body, { onSuccess: done, onError: failed })}>
          {blocked ? "Resolve the conflicts first" : apply.isPending ? "Applying…" : TARGETS.find((one) => one.value === target)?.action}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}

function words(applied: ApplyResult): string {
  if (applied.already_applied) return "Already applied.";
  if (applied.target === "branch") return `Created the branch ${(applied.ref ?? "").replace("refs/heads/", "")}.`;
  const files = applied.files_written === 1 ? "1 file" : `${applied.files_written} files`;
  return applied.target === "commit" ? `Committed ${(applied.commit ?? "").slice(0, 10)}, ${files}.` : `Applied to your working tree: ${files}.`;
}

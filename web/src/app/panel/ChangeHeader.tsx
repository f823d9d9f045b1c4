// Size of the change, progress of the review, and the apply and reject buttons.
import { Check, X } from "lucide-react";
import { useDecide } from "../../shared/review/queries";
import type { ReviewedFile, ReviewSummary } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import { ApplyDialog } from "../../features/apply/ApplyDialog";
import { ChangeMenu } from "./ChangeMenu";
import styles from "./ChangeHeader.module.css";
import { setPanel, usePanel } from "../../shared/session/panel";
import { LineCounts } from "../../shared/review/LineCounts";
import { PublishDialog } from "../../features/apply/PublishDialog";

export function ChangeHeader({ review, files }: { review: ReviewSummary; files: ReviewedFile[] }) {
  const { dialog } = usePanel();
  const decide = useDecide(review.change_id);
  const units = review.accepted + review.rejected + review.open;
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  const all = (verdict: "accepted" | "rejected" | "open") => decide.mutate({ all: true, verdict }, { onError: showError });
  const waits = review.state === "pending";
  return (
    <header className={styles.head}>
      <p className={styles.counts}>
        {files.length === 1 ? "1 file" : `${files.length} files`} <LineCounts additions={additions} deletions={deletions} />
        <span className={styles.progress}>
          {units - review.open} of {units} decided
          {review.reopened > 0 && `, ${review.reopened} changed since`}
        </span>
      </p>
      <div className={styles.bar} role="img" aria-label={`${review.accepted} accepted, ${review.rejected} rejected, ${review.open} open`}>
        <span data-kind="accepted" style={{ flexGrow: review.accepted }} />
        <span data-kind="rejected" style={{ flexGrow: review.rejected }} />
        <span data-kind="open" style={{ flexGrow: review.open }} />
      </div>
      {waits && (
        <div className={styles.buttons}>
          <Button small icon={<Check />} onClick={() => all("accepted")}>
            Accept all
          </Button>
          <Button small icon={<X />} onClick={() => all("rejected")}>
            Reject all
          </Button>
          <span className={styles.space} />
          <Button small kind="primary" onClick={() => setPanel({ dialog: "apply" })}>
            Apply…
          </Button>
          <ChangeMenu review={review} onReopen={() => all("open")} />
        </div>
      )}
      {dialog === "apply" && <ApplyDialog review={review} onClose={() => setPanel({ dialog: null })} />}
      {dialog === "publish" && <PublishDialog review={review} onClose={() => setPanel({ dialog: null })} />}
    </header>
  );
}

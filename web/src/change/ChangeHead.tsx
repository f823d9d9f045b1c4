// How much changed, how far the review is, and the way out: apply or reject.
import { Check, X } from "lucide-react";
import { useDecide } from "../api/review";
import type { ReviewFileOut, ReviewOut } from "../api/generated";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import { ApplyDialog } from "./ApplyDialog";
import { ChangeMenu } from "./ChangeMenu";
import styles from "./ChangeHead.module.css";
import { setPanel, usePanel } from "./panel";
import { PublishDialog } from "./PublishDialog";

export function ChangeHead({ review, files }: { review: ReviewOut; files: ReviewFileOut[] }) {
  const { asks } = usePanel();
  const decide = useDecide(review.change_id);
  const units = review.accepted + review.rejected + review.open;
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  const all = (verdict: "accepted" | "rejected" | "open") => decide.mutate({ all: true, verdict }, { onError: complain });
  const waits = review.state === "pending";
  return (
    <header className={styles.head}>
      <p className={styles.counts}>
        {files.length === 1 ? "1 file" : `${files.length} files`} <span className={styles.added}>+{additions}</span>{" "}
        <span className={styles.removed}>−{deletions}</span>
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
          <Button small kind="primary" onClick={() => setPanel({ asks: "apply" })}>
            Apply…
          </Button>
          <ChangeMenu review={review} onReopen={() => all("open")} />
        </div>
      )}
      {asks === "apply" && <ApplyDialog review={review} onClose={() => setPanel({ asks: null })} />}
      {asks === "publish" && <PublishDialog review={review} onClose={() => setPanel({ asks: null })} />}
    </header>
  );
}

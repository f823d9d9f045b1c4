// Which parts of the change are meant: what was accepted, or all that was not rejected.
import type { ReviewOut } from "../api/generated";
import styles from "./ApplyDialog.module.css";
import { Choice } from "./Choice";

export type Parts = "accepted" | "not_rejected";

/** What is meant unless the person says otherwise. */
export function firstParts(review: ReviewOut): Parts {
  return review.accepted > 0 ? "accepted" : "not_rejected";
}

export function countParts(review: ReviewOut, parts: Parts): number {
  return parts === "accepted" ? review.accepted : review.accepted + review.open;
}

export function WhichParts({ review, value, onChange }: { review: ReviewOut; value: Parts; onChange: (parts: Parts) => void }) {
  return (
    <fieldset className={styles.group}>
      <legend>What</legend>
      <Choice name="select" checked={value === "accepted"} disabled={review.accepted === 0} onChange={() => onChange("accepted")} title={`What you accepted (${review.accepted})`} />
      <Choice name="select" checked={value === "not_rejected"} onChange={() => onChange("not_rejected")} title={`All that you did not reject (${review.accepted + review.open})`} />
    </fieldset>
  );
}

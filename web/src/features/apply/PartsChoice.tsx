// Which parts to take: accepted ones, or all except rejected ones.
import type { ReviewSummary } from "../../shared/api/generated";
import styles from "./ApplyDialog.module.css";
import { RadioOption } from "./RadioOption";

export type Parts = "accepted" | "not_rejected";

/** The default selection. */
export function firstParts(review: ReviewSummary): Parts {
  return review.accepted > 0 ? "accepted" : "not_rejected";
}

export function countParts(review: ReviewSummary, parts: Parts): number {
  return parts === "accepted" ? review.accepted : review.accepted + review.open;
}

export function PartsChoice({ review, value, onChange }: { review: ReviewSummary; value: Parts; onChange: (parts: Parts) => void }) {
  return (
    <fieldset className={styles.group}>
      <legend>Parts</legend>
      <RadioOption name="select" checked={value === "accepted"} disabled={review.accepted === 0} onChange={() => onChange("accepted")} title={`Accepted parts (${review.accepted})`} />
      <RadioOption name="select" checked={value === "not_rejected"} onChange={() => onChange("not_rejected")} title={`All parts except rejected ones (${review.accepted + review.open})`} />
    </fieldset>
  );
}

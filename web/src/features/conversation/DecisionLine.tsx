// What became of a change, at its place in the conversation.
import { Check, X } from "lucide-react";
import type { ChangeUpdatedFrame } from "../../shared/api/generated";
import { LineCounts } from "../../shared/review/LineCounts";
import styles from "./DecisionLine.module.css";

export function DecisionLine({ frame }: { frame: ChangeUpdatedFrame }) {
  const applied = frame.state === "applied";
  const files = frame.files === 1 ? "1 file" : `${frame.files ?? 0} files`;
  return (
    <p className={styles.line} data-state={frame.state}>
      {applied ? <Check aria-hidden /> : <X aria-hidden />}
      <span>
        {applied ? "Change applied: " : "Change rejected: "}
        {files} <LineCounts additions={frame.additions ?? 0} deletions={frame.deletions ?? 0} />
      </span>
    </p>
  );
}

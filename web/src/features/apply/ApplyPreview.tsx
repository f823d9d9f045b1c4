// Preview of an apply: what is written, what is left out, what conflicts.
import type { useApplyPreview } from "../../shared/review/queries";
import type { ApplyInput } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./ApplyDialog.module.css";
import { Conflicts } from "./Conflicts";

interface ApplyPreviewProps {
  changeId: string;
  body: ApplyInput;
  preview: ReturnType<typeof useApplyPreview>;
  onAsked: () => void;
}

const LEFT_SHOWN = 8;

export function ApplyPreview({ changeId, body, preview, onAsked }: ApplyPreviewProps) {
  if (preview.error) {
    return (
      <div className={styles.failure} role="alert">
        <p>{preview.error.message}</p>
      </div>
    );
  }
  if (!preview.data) return <p className={styles.preview}>Checking for conflicts…</p>;
  const { files_written, left, units, already_applied, conflicts, commits, warnings } = preview.data;
  if (conflicts.length > 0) {
    return (
      <div className={styles.failure} role="alert">
        <p>Your files conflict with this change. Nothing was written. Choose what stays, then apply.</p>
        <Conflicts conflicts={conflicts} changeId={changeId} onAsked={onAsked} />
      </div>
    );
  }
  if (already_applied) return <p className={styles.preview}>Already applied; nothing to write.</p>;
  const parts = units === 0 ? "" : units === 1 ? "1 part, " : `${units} parts, `; // 0: the whole change
  const files = files_written === 1 ? "1 file" : `${files_written} files`;
  return (
    <div className={styles.preview} role="status">
      <p>
        No conflict. {parts}
        {body.target === "branch" ? `${files} in ${commits > 1 ? `${commits} commits` : "the commit"}` : `${files} to write`}.
      </p>
      {warnings.map((warning) => (
        <p key={warning}>{visible(warning)}</p>
      ))}
      {left.length > 0 && (
        <p>
          Left out: {left.slice(0, LEFT_SHOWN).map(visible).join(", ")}
          {left.length > LEFT_SHOWN && ` and ${left.length - LEFT_SHOWN} more`}
        </p>
      )}
    </div>
  );
}

// What applying would come to, before it is done: how much is written, what stays out, what stands against it.
import { useApplyPreview } from "../api/review";
import type { ApplyInput } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./ApplyDialog.module.css";
import { Conflicts } from "./Conflicts";

interface ApplyPreviewProps {
  changeId: string;
  body: ApplyInput;
  onResolved: () => void;
}

const LEFT_SHOWN = 8;

export function ApplyPreview({ changeId, body, onResolved }: ApplyPreviewProps) {
  const preview = useApplyPreview(changeId, body);
  if (preview.error) {
    return (
      <div className={styles.failure} role="alert">
        <p>{preview.error.message}</p>
      </div>
    );
  }
  if (!preview.data) return <p className={styles.preview}>Looking what it would do…</p>;
  const { files_written, left, units, already_applied, conflicts } = preview.data;
  if (conflicts.length > 0) {
    return (
      <div className={styles.failure} role="alert">
        <p>Your files stand against it. Nothing was touched.</p>
        <Conflicts conflicts={conflicts} changeId={changeId} onResolved={onResolved} />
      </div>
    );
  }
  if (already_applied) return <p className={styles.preview}>It was applied before; nothing would be written.</p>;
  const parts = units === 0 ? "" : units === 1 ? "1 part, " : `${units} parts, `; // 0: the change as a whole
  const files = files_written === 1 ? "1 file" : `${files_written} files`;
  return (
    <div className={styles.preview} role="status">
      <p>
        No conflict. {parts}
        {body.target === "branch" ? `${files} in the commit` : `${files} to write`}.
      </p>
      {left.length > 0 && (
        <p>
          Left as they are: {left.slice(0, LEFT_SHOWN).map(visible).join(", ")}
          {left.length > LEFT_SHOWN && ` and ${left.length - LEFT_SHOWN} more`}
        </p>
      )}
    </div>
  );
}

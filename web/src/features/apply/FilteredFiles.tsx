// Asks whether files that a filter of the person's git converts, such as git-crypt, are committed as they are.
import { Problem } from "../../shared/api/client";
import styles from "./ApplyDialog.module.css";

interface FilteredFilesProps {
  /** Why the service refused, if it did. */
  error: Error | null;
  value: boolean;
  onChange: (filtered: boolean) => void;
}

/** Shown once a commit or branch was refused for such files. */
export function FilteredFiles({ error, value, onChange }: FilteredFilesProps) {
  const refused = error instanceof Problem && error.code === "filtered_files";
  if (!refused && !value) return null;
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} /> commit filtered files unconverted, as the agent wrote them
    </label>
  );
}

// Offers the commits that the agent made, as they are, in place of one.
import { useChangeCommits } from "../../shared/review/queries";
import { visible } from "../../shared/text/visible";
import styles from "./ApplyDialog.module.css";

interface KeepCommitsProps {
  changeId: string;
  value: boolean;
  onChange: (keep: boolean) => void;
}

const SHOWN = 10;

export function KeepCommits({ changeId, value, onChange }: KeepCommitsProps) {
  const commits = useChangeCommits(changeId).data ?? [];
  if (commits.length === 0) return null;
  const more = commits.length - SHOWN;
  return (
    <div>
      <label className={styles.check}>
        <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} /> keep the agent&apos;s {commits.length === 1 ? "commit" : `${commits.length} commits`}
      </label>
      <ul className={styles.commits} aria-label="Commits of the agent">
        {commits.slice(0, SHOWN).map((one) => (
          <li key={one.id} title={one.files.map(visible).join("\n")}>
            {visible(one.subject)} <span>{visible(one.author_name)}, {one.files_total === 1 ? "1 file" : `${one.files_total} files`}</span>
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
    </div>
  );
}

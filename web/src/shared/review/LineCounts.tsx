// How many lines were added and removed; nothing where none were, as of binary files, modes and links.
import styles from "./LineCounts.module.css";

export function LineCounts({ additions, deletions }: { additions: number; deletions: number }) {
  if (additions === 0 && deletions === 0) return null;
  return (
    <>
      <span className={styles.added}>+{additions}</span> <span className={styles.removed}>−{deletions}</span>
    </>
  );
}

// The header of a group in the list; a click folds the group.
import { ChevronDown, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { toggleFolded } from "./listView";
import styles from "./GroupHeader.module.css";

interface GroupHeaderProps {
  /** Of the group. */
  id: string;
  folded: boolean;
  count: number;
  hint?: string;
  children: ReactNode;
}

export function GroupHeader({ id, folded, count, hint, children }: GroupHeaderProps) {
  const Chevron = folded ? ChevronRight : ChevronDown;
  return (
    <h2 className={styles.head} title={hint}>
      <button type="button" aria-expanded={!folded} onClick={() => toggleFolded(id)}>
        <Chevron aria-hidden />
        <span className={styles.title}>{children}</span>
        {folded && count > 0 && <span className={styles.count}>{count}</span>}
      </button>
    </h2>
  );
}

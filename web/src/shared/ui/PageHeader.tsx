// The header of a page, with the button that opens the session list on a narrow screen.
import { PanelLeft } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./Button";
import styles from "./PageHeader.module.css";

interface PageHeadProps {
  title: ReactNode;
  /** Facts below the title. */
  facts?: ReactNode;
  onMenu: () => void;
  children?: ReactNode;
}

export function PageHeader({ title, facts, onMenu, children }: PageHeadProps) {
  return (
    <header className={styles.head}>
      <span className={styles.menu}>
        <IconButton label="Sessions" icon={<PanelLeft />} onClick={onMenu} />
      </span>
      <div className={styles.words}>
        <h1 className={styles.title}>{title}</h1>
        {facts && <p className={styles.facts}>{facts}</p>}
      </div>
      <div className={styles.tools}>{children}</div>
    </header>
  );
}

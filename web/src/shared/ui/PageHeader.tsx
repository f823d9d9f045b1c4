// The header of a page, with the button that opens the session list on a narrow screen.
import { PanelLeft } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./Button";
import styles from "./PageHeader.module.css";

interface PageHeadProps {
  title: ReactNode;
  onMenu: () => void;
  children?: ReactNode;
}

export function PageHeader({ title, onMenu, children }: PageHeadProps) {
  return (
    <header className={styles.head}>
      <span className={styles.menu}>
        <IconButton label="Sessions" icon={<PanelLeft />} onClick={onMenu} />
      </span>
      <h1 className={styles.title}>{title}</h1>
      <div className={styles.tools}>{children}</div>
    </header>
  );
}

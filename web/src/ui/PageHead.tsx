// The line at the top of a page, with the button that opens the list of sessions on a narrow screen.
import { PanelLeft } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./Button";
import styles from "./PageHead.module.css";

interface PageHeadProps {
  title: ReactNode;
  onMenu: () => void;
  children?: ReactNode;
}

export function PageHead({ title, onMenu, children }: PageHeadProps) {
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

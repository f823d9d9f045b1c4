// A dialog over the page: its ground, its frame and its title. Escape and a click beside it close it; an alert stays.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** "list" has no padding and stands high on the screen, so that its content may grow downwards. */
  size?: "small" | "medium" | "list";
  /** Asks before something that changes a lot. */
  alert?: boolean;
}

export function Dialog({ title, onClose, children, size = "medium", alert = false }: DialogProps) {
  const Root = alert ? AlertDialog.Root : Base.Root;
  return (
    <Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup} data-size={size}>
          <Base.Title className={size === "list" ? "visually-hidden" : styles.title}>{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Root>
  );
}

/** What an alert says below its title; screen readers say it at once. */
export function DialogText({ children }: { children: ReactNode }) {
  return <Base.Description className={styles.text}>{children}</Base.Description>;
}

/** The ways out, at the end of a dialog. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}

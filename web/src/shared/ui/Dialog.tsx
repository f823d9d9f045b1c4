// A modal dialog with backdrop, frame and title. Escape or a click outside closes it, except an alert.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** "list" has no padding and sits high on the screen, so that its content can grow downwards; "image" fits its image, "wide" is as wide as lines of code want. */
  size?: "small" | "medium" | "list" | "image" | "wide";
  /** Asks for confirmation before a far-reaching action. */
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

/** An alert's text; screen readers announce it at once. */
export function DialogText({ children }: { children: ReactNode }) {
  return <Base.Description className={styles.text}>{children}</Base.Description>;
}

/** The row of buttons at the end of a dialog. */
export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}

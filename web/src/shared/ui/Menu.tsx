// A three-dot menu for the less frequent actions on an item.
import { Menu as Base } from "@base-ui/react/menu";
import { Ellipsis } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Menu.module.css";

interface MenuProps {
  /** The button's label. */
  label: string;
  /** "row": visible only while its row has the pointer or focus. */
  look?: "button" | "row";
  className?: string;
  children: ReactNode;
}

export function Menu({ label, look = "button", className = "", children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger className={`${styles.trigger} ${className}`} data-look={look} aria-label={label} title={look === "button" ? label : undefined}>
        <Ellipsis aria-hidden />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={styles.positioner} align="end" sideOffset={4}>
          <Base.Popup className={styles.menu}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

export function MenuItem({ disabled = false, onClick, children }: MenuItemProps) {
  return (
    <Base.Item className={styles.item} disabled={disabled} onClick={onClick}>
      {children}
    </Base.Item>
  );
}

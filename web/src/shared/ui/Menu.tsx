// A three-dot menu for the less frequent actions on an item.
import { Menu as Base } from "@base-ui/react/menu";
import { Check, Ellipsis } from "lucide-react";
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
  /** For a choice: whether it is the current one. */
  checked?: boolean;
  onClick: () => void;
  children: ReactNode;
}

export function MenuItem({ disabled = false, checked, onClick, children }: MenuItemProps) {
  if (checked !== undefined) {
    return (
      <Base.CheckboxItem className={styles.item} checked={checked} closeOnClick onClick={onClick}>
        {children}
        {checked && <Check aria-hidden />}
      </Base.CheckboxItem>
    );
  }
  return (
    <Base.Item className={styles.item} disabled={disabled} onClick={onClick}>
      {children}
    </Base.Item>
  );
}

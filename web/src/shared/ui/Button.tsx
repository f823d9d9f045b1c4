// Buttons. An icon button always has a label for screen readers, which is also its tooltip.
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from "react";
import styles from "./Button.module.css";

type Kind = "plain" | "primary" | "quiet" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  ref?: Ref<HTMLButtonElement>;
  kind?: Kind;
  small?: boolean;
  icon?: ReactNode;
}

export function Button({ kind = "plain", small = false, icon, className = "", children, ...rest }: ButtonProps) {
  const classes = [styles.button, styles[kind], small ? styles.small : "", className].filter(Boolean).join(" ");
  return (
    <button type="button" className={classes} {...rest}>
      {icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  icon: ReactNode;
}

export function IconButton({ label, icon, className = "", ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`${styles.iconButton} ${className}`} aria-label={label} title={label} {...rest}>
      {icon}
    </button>
  );
}

interface IconLinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  label: string;
  icon: ReactNode;
}

/** Looks like an icon button, and leads somewhere. */
export function IconLink({ label, icon, className = "", ...rest }: IconLinkProps) {
  return (
    <a className={`${styles.iconButton} ${className}`} aria-label={label} title={label} {...rest}>
      {icon}
    </a>
  );
}

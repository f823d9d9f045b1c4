// The box of something that an agent asks: open until it is decided, then one line.
import type { ReactNode } from "react";
import { CircleHelp, ShieldQuestionMark } from "lucide-react";
import styles from "./RequestFrame.module.css";

interface RequestFrameProps {
  kind: "permission" | "question";
  /** Said in one line when it is decided. */
  decided: string | null;
  title: string;
  children: ReactNode;
}

export function RequestFrame({ kind, decided, title, children }: RequestFrameProps) {
  const Icon = kind === "permission" ? ShieldQuestionMark : CircleHelp;
  if (decided !== null) {
    return (
      <p className={styles.decided}>
        <Icon aria-hidden />
        <span>
          {title} <em>{decided}</em>
        </span>
      </p>
    );
  }
  return (
    <section className={styles.open} aria-label={title}>
      <h3 className={styles.title}>
        <Icon aria-hidden />
        {title}
      </h3>
      {children}
    </section>
  );
}

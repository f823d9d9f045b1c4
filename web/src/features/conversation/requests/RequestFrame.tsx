// The frame of an agent's request: a box while it is open, one line once it is decided.
import type { KeyboardEvent, ReactNode, Ref } from "react";
import { CircleHelp, ShieldQuestionMark } from "lucide-react";
import styles from "./RequestFrame.module.css";

interface RequestFrameProps {
  kind: "permission" | "question";
  /** The decision, shown in one line. */
  decided: string | null;
  title: string;
  children: ReactNode;
  frameRef?: Ref<HTMLElement>;
  onKeyDown?: (event: KeyboardEvent) => void;
}

export function RequestFrame({ kind, decided, title, children, frameRef, onKeyDown }: RequestFrameProps) {
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
    <section ref={frameRef} className={styles.open} aria-label={title} data-request tabIndex={-1} onKeyDown={onKeyDown}>
      <h3 className={styles.title}>
        <Icon aria-hidden />
        {title}
      </h3>
      {children}
    </section>
  );
}

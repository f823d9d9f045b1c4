// A form that adds something, with what refused it, and the secret that the answer shows this once.
import type { ReactNode } from "react";
import { CopyButton } from "../../shared/ui/CopyButton";
import styles from "./SettingsPage.module.css";

type Props = { add: { mutate: () => void; error: Error | null }; shown?: ReactNode; children: ReactNode };

export function AddForm({ add, shown, children }: Props) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      {children}
      {add.error && <p className={styles.warning}>{add.error.message}</p>}
      {shown}
    </form>
  );
}

export function ShownOnce({ words, secret, what }: { words: string; secret: string; what: string }) {
  return (
    <p className={styles.note} role="status">
      {words} <code className={styles.secret}>{secret}</code>
      <CopyButton text={secret} what={what} />
    </p>
  );
}

// Short messages at the edge of the page; errors stay until they are closed.
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "../api/client";
import { connection } from "../stream/store";
import styles from "./Toasts.module.css";

const manager = Toast.createToastManager();

interface ToastAction {
  label: string;
  run: () => void;
}

const SHOWN_MS = 4_000;
const ACTION_MS = 15_000; // time to reach its button

/** Show a success message, with a button if something can be done about it. */
export function showToast(title: string, description?: string, action?: ToastAction): void {
  const id = manager.add({
    title,
    description,
    type: "said",
    timeout: action ? ACTION_MS : SHOWN_MS,
    actionProps: action && {
      children: action.label,
      onClick: () => {
        manager.close(id);
        action.run();
      },
    },
  });
}

/** Show an error with the cure that the service gives. */
export function showError(error: unknown): void {
  const problem = error instanceof Problem ? error : null;
  const id = manager.add({
    title: problem?.detail ?? (error instanceof Error ? error.message : String(error)),
    description: problem?.cure,
    type: "error",
    timeout: 0,
    priority: "high",
  });
  if (problem?.status === 0) unreachable.add(id);
}

// Reconnected: what said that the service does not answer is over.
const unreachable = new Set<string>();
connection.onState(() => {
  if (connection.state !== "open") return;
  for (const id of unreachable) manager.close(id);
  unreachable.clear();
});

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast} data-kind={toast.type}>
      <Toast.Content className={styles.content}>
        <Toast.Title className={styles.title} />
        <Toast.Description className={styles.description} />
        {toast.actionProps && <Toast.Action className={styles.action} />}
      </Toast.Content>
      <Toast.Close className={styles.close} aria-label="Close">
        <X aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}

// Short messages at the edge of the page; errors stay until they are closed.
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "../api/client";
import styles from "./Toasts.module.css";

const manager = Toast.createToastManager();

/** Say something that worked. */
export function say(title: string, description?: string): void {
  manager.add({ title, description, type: "said", timeout: 4_000 });
}

/** Show what failed, with the cure that the service names. */
export function complain(error: unknown): void {
  const problem = error instanceof Problem ? error : null;
  manager.add({
    title: problem?.detail ?? (error instanceof Error ? error.message : String(error)),
    description: problem?.cure,
    type: "error",
    timeout: 0,
    priority: "high",
  });
}

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
      </Toast.Content>
      <Toast.Close className={styles.close} aria-label="Close">
        <X aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}

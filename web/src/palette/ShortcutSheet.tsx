// All shortcuts on one sheet.
import { Dialog } from "@base-ui/react/dialog";
import { keyName, OTHERS, SHORTCUTS } from "../keys/shortcuts";
import { Button } from "../ui/Button";
import styles from "./ShortcutSheet.module.css";

export function ShortcutSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup}>
          <Dialog.Title className={styles.title}>Keyboard shortcuts</Dialog.Title>
          <dl className={styles.list}>
            {[...Object.values(SHORTCUTS), ...OTHERS].map((one) => (
              <div key={one.key + one.what}>
                <dt>{one.what}</dt>
                <dd>
                  <kbd>{keyName(one.key)}</kbd>
                </dd>
              </div>
            ))}
          </dl>
          <Dialog.Close render={<Button />}>Close</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

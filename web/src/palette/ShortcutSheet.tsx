// All shortcuts on one sheet.
import { keyName, SHEET } from "../keys/shortcuts";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import styles from "./ShortcutSheet.module.css";

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      {SHEET.map(({ where, shortcuts }) => (
        <section key={where} className={styles.group} aria-label={where}>
          <h3>{where}</h3>
          <dl>
            {shortcuts.map((one) => (
              <div key={one.key}>
                <dt>{one.what}</dt>
                <dd>
                  <kbd>{keyName(one.key)}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <DialogButtons>
        <Button onClick={onClose}>Close</Button>
      </DialogButtons>
    </Dialog>
  );
}

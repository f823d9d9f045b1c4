// The sheet of all shortcuts.
import { keyName, SHEET } from "../../shared/keys/shortcuts";
import { Button } from "../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../shared/ui/Dialog";
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

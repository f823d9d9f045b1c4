// The second step before a request that is hard to undo is allowed.
import { TriangleAlert } from "lucide-react";
import { Button } from "../../../shared/ui/Button";
import styles from "./PermissionCard.module.css";
import { useSettled } from "./useDeliberateKeys";

interface ConfirmAllowProps {
  /** Such as "deletes files". */
  effect: string;
  onConfirm: () => void;
  onBack: () => void;
}

export function ConfirmAllow({ effect, onConfirm, onBack }: ConfirmAllowProps) {
  const settled = useSettled(); // a double click on "Allow once" must press nothing here
  return (
    <div className={styles.confirm} role="group" aria-label="Confirm">
      <p role="status">
        <TriangleAlert aria-hidden /> This {effect} and may be hard to undo.
      </p>
      <div className={styles.buttons}>
        <Button disabled={!settled} onClick={onBack}>
          Back
        </Button>
        <Button kind="danger" disabled={!settled} onClick={onConfirm}>
          Allow it anyway
        </Button>
      </div>
    </div>
  );
}

// What to do with the selected lines of a unit.
import { Check, Rows4, X } from "lucide-react";
import { Button } from "../../shared/ui/Button";
import styles from "./UnitView.module.css";

interface LinesBarProps {
  count: number;
  busy: boolean;
  onDecide: (verdict: "accepted" | "rejected" | null) => void;
  onCancel: () => void;
}

export function LinesBar({ count, busy, onDecide, onCancel }: LinesBarProps) {
  const disabled = count === 0 || busy;
  return (
    <div className={styles.tools} role="toolbar" aria-label="Selected lines">
      <span className={styles.state}>{count === 1 ? "1 line selected" : `${count} lines selected`}</span>
      <Button small kind="quiet" onClick={onCancel}>
        Cancel
      </Button>
      <Button small kind="quiet" disabled={disabled} icon={<Rows4 />} onClick={() => onDecide(null)}>
        Split off
      </Button>
      <Button small disabled={disabled} icon={<X />} onClick={() => onDecide("rejected")}>
        Reject lines
      </Button>
      <Button small disabled={disabled} icon={<Check />} onClick={() => onDecide("accepted")}>
        Accept lines
      </Button>
    </div>
  );
}

// A decision that is sent in a few seconds, with the button that undoes it.
import { useNow } from "../../../shared/hooks/useNow";
import { Button } from "../../../shared/ui/Button";
import { undoDecision } from "./heldDecisions";
import styles from "./PermissionCard.module.css";

export function HeldNote({ requestId, due }: { requestId: string; due: number }) {
  const left = Math.max(1, Math.ceil(due / 1000 - useNow()));
  return (
    <div className={styles.buttons}>
      <span className={styles.held}>
        <span role="status">Allowed.</span> Sent to the agent in {left} s.
      </span>
      <Button onClick={() => undoDecision(requestId)}>Undo</Button>
    </div>
  );
}

// The buttons below a unit: its verdict, a comment, and what changes the unit itself.
import { Check, ListChecks, MessageSquarePlus, Pencil, Rows2, Rows4, Undo2, X } from "lucide-react";
import type { ReviewUnit } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import styles from "./UnitView.module.css";

interface UnitToolsProps {
  unit: ReviewUnit;
  /** All its lines are on one page. */
  whole: boolean;
  editable: boolean;
  onDecide: (verdict: "accepted" | "rejected" | "open") => void;
  onComment: () => void;
  onSplit: () => void;
  onJoin: () => void;
  onLines: () => void;
  onEdit: () => void;
}

export function UnitTools({ unit, whole, editable, onDecide, onComment, onSplit, onJoin, onLines, onEdit }: UnitToolsProps) {
  const { state } = unit;
  const free = unit.edited === null && unit.splittable;
  return (
    <div className={styles.tools}>
      <span className={styles.state} data-state={state}>
        {wordsOf(unit)}
      </span>
      {unit.part_of !== null && (
        <Button small kind="quiet" data-do="join" icon={<Rows2 />} title="Make the parts one again" onClick={onJoin}>
          Join
        </Button>
      )}
      {free && (
        <Button small kind="quiet" data-do="split" icon={<Rows4 />} title="Split at unchanged lines" onClick={onSplit}>
          Split
        </Button>
      )}
      {free && whole && (
        <Button small kind="quiet" data-do="lines" icon={<ListChecks />} title="Select lines to decide on alone" onClick={onLines}>
          Lines
        </Button>
      )}
      {editable && whole && (
        <Button small kind="quiet" data-do="edit" icon={<Pencil />} onClick={onEdit}>
          Edit
        </Button>
      )}
      <Button small kind="quiet" data-do="comment" icon={<MessageSquarePlus />} onClick={onComment}>
        Comment
      </Button>
      {state !== "open" && (
        <Button small kind="quiet" data-do="reopen" icon={<Undo2 />} onClick={() => onDecide("open")}>
          Reopen
        </Button>
      )}
      <Button small data-do="reject" icon={<X />} aria-pressed={state === "rejected"} onClick={() => onDecide("rejected")}>
        Reject
      </Button>
      <Button small data-do="accept" icon={<Check />} aria-pressed={state === "accepted"} onClick={() => onDecide("accepted")}>
        Accept
      </Button>
    </div>
  );
}

const WORDS = { accepted: "Accepted", rejected: "Rejected", open: "" } as const;

function wordsOf(unit: ReviewUnit): string {
  return unit.edited === null ? WORDS[unit.state] : "Accepted with your text";
}

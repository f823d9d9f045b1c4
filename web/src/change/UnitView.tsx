// The smallest part that can be decided alone: its lines, its verdict, and comments on it.
import { Check, MessageSquarePlus, RotateCcw, Undo2, X } from "lucide-react";
import type { ReactNode } from "react";
import { useDecide } from "../api/review";
import type { UnitOut } from "../api/generated";
import { Button } from "../ui/Button";
import { complain, say } from "../ui/Toasts";
import { DiffLines } from "./DiffLines";
import type { Remark } from "./remarks";
import type { Row } from "./rows";
import styles from "./UnitView.module.css";

interface UnitViewProps {
  changeId: string;
  path: string;
  unit: UnitOut;
  /** More lines of it come on the next page. */
  goesOn: boolean;
  onRemark: (remark: Remark) => void;
  below: (row: Row) => ReactNode;
}

const WORDS = { accepted: "Accepted", rejected: "Rejected", open: "" } as const;

export function UnitView({ changeId, path, unit, goesOn, onRemark, below }: UnitViewProps) {
  const decide = useDecide(changeId);
  const { state } = unit;
  const set = (verdict: "accepted" | "rejected" | "open") =>
    decide.mutate(
      { units: [unit.id], verdict },
      { onError: complain, onSuccess: (done) => done.gone.length && say("The agent changed this part since.", "Look at it again, then decide.") },
    );
  const side = unit.new_count > 0 ? "new" : "old";
  const first = side === "new" ? unit.new_start : unit.old_start;
  const last = first + Math.max(0, (side === "new" ? unit.new_count : unit.old_count) - 1);
  const label = `${unit.lines.length ? `Part at line ${first}` : unit.kind}, ${state}`;
  return (
    <section className={styles.unit} data-unit={unit.id} data-state={state} tabIndex={0} aria-label={label}>
      {unit.reopened && (
        <p className={styles.reopened}>
          <RotateCcw aria-hidden /> You had {unit.reopened} this part; the agent changed it since. Look again.
        </p>
      )}
      <DiffLines lines={unit.lines} path={path} onPick={(line, of) => onRemark({ first: line, last: line, side: of, text: "" })} below={below} />
      {!goesOn && (
        <div className={styles.tools}>
          <span className={styles.state} data-state={state}>
            {WORDS[state]}
          </span>
          <Button small kind="quiet" data-do="comment" icon={<MessageSquarePlus />} onClick={() => onRemark({ first, last, side, text: "" })}>
            Comment
          </Button>
          {state === "open" ? null : (
            <Button small kind="quiet" data-do="reopen" icon={<Undo2 />} onClick={() => set("open")}>
              Reopen
            </Button>
          )}
          <Button small data-do="reject" icon={<X />} aria-pressed={state === "rejected"} onClick={() => set("rejected")}>
            Reject
          </Button>
          <Button small data-do="accept" icon={<Check />} aria-pressed={state === "accepted"} onClick={() => set("accepted")}>
            Accept
          </Button>
        </div>
      )}
    </section>
  );
}

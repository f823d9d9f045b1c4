// The smallest part that can be decided alone: its lines, its verdict, and remarks on it.
import { Check, MessageSquarePlus, Undo2, X } from "lucide-react";
import { useState } from "react";
import { useDecide } from "../api/review";
import type { ReviewFileOut, UnitOut } from "../api/generated";
import { Button } from "../ui/Button";
import { complain, say } from "../ui/Toasts";
import { CommentForm } from "./CommentForm";
import { DiffLines } from "./DiffLines";
import styles from "./UnitView.module.css";

interface UnitViewProps {
  changeId: string;
  sessionId: string;
  file: ReviewFileOut;
  unit: UnitOut;
}

const WORDS = { accepted: "accepted", rejected: "rejected", open: "open" } as const;

export function UnitView({ changeId, file, unit }: UnitViewProps) {
  const [remark, setRemark] = useState<{ first: number; last: number; side: "old" | "new" } | null>(null);
  const decide = useDecide(changeId);
  const set = (verdict: "accepted" | "rejected" | "open") =>
    decide.mutate(
      { units: [unit.id], verdict },
      { onError: complain, onSuccess: (done) => done.gone.length && say("The agent changed this part since.", "Look at it again, then decide.") },
    );
  const side = unit.new_count > 0 ? "new" : "old";
  const first = side === "new" ? unit.new_start : unit.old_start;
  const count = side === "new" ? unit.new_count : unit.old_count;
  const state = decide.isPending ? (decide.variables?.verdict ?? unit.state) : unit.state;
  return (
    <section className={styles.unit} data-unit={unit.id} data-state={state} tabIndex={0} aria-label={`${unit.kind} at line ${first}, ${WORDS[state]}`}>
      <DiffLines unit={unit} path={file.path} onPick={(line, of) => setRemark({ first: line, last: line, side: of })} />
      <div className={styles.tools}>
        <span className={styles.state} data-state={state}>
          {WORDS[state]}
          {unit.reopened && ` (you had ${unit.reopened} it; the agent changed it since)`}
        </span>
        <Button small kind="quiet" data-do="comment" icon={<MessageSquarePlus />} onClick={() => setRemark({ first, last: first + Math.max(0, count - 1), side })}>
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
      {remark && <CommentForm changeId={changeId} file={file} range={remark} onClose={() => setRemark(null)} />}
    </section>
  );
}

// The agent's plan as a checklist.
import { Check, Circle, CircleDashed, X } from "lucide-react";
import type { PlanFrame } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./PlanList.module.css";

const MARKS = {
  completed: { icon: Check, word: "done" },
  in_progress: { icon: CircleDashed, word: "in progress" },
  pending: { icon: Circle, word: "to do" },
  cancelled: { icon: X, word: "dropped" },
} as const;

export function PlanList({ frame }: { frame: PlanFrame }) {
  const done = frame.entries.filter((entry) => entry.status === "completed").length;
  return (
    <section className={styles.plan} aria-label={`Plan, ${done} of ${frame.entries.length} done`}>
      <h3 className={styles.head}>
        Plan <span>{`${done} of ${frame.entries.length}`}</span>
      </h3>
      <ol className={styles.list}>
        {frame.entries.map((entry, index) => {
          const { icon: Icon, word } = MARKS[entry.status];
          return (
            <li key={index} data-status={entry.status}>
              <Icon aria-hidden />
              <span className="visually-hidden">{word}: </span>
              <span>{visible(entry.text)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

// One block of a conflict: both sides, and the choice between mine, the agent's, both, or a text of one's own.
import { useId } from "react";
import type { FileConflict } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import type { BlockChoice, Side } from "./conflictChoices";
import styles from "./Conflicts.module.css";

const SIDES: { take: Side; label: string }[] = [
  { take: "user", label: "Mine" },
  { take: "agent", label: "The agent's" },
  { take: "both", label: "Both" },
];

interface ConflictBlockProps {
  number: number;
  region: FileConflict["regions"][number];
  choice: BlockChoice | undefined;
  /** Undefined where blocks cannot be chosen. */
  onChoose: ((choice: BlockChoice) => void) | undefined;
}

export function ConflictBlock({ number, region, choice, onChoose }: ConflictBlockProps) {
  const name = useId();
  return (
    <fieldset className={styles.block}>
      <legend>
        Block {number}, line {region.line}
      </legend>
      <div className={styles.sides}>
        <SideText title="Mine" text={region.ours} />
        <SideText title="The agent's" text={region.theirs} />
      </div>
      {onChoose && (
        <div className={styles.options}>
          {SIDES.map((one) => (
            <label key={one.take}>
              <input type="radio" name={name} checked={choice?.take === one.take} onChange={() => onChoose({ take: one.take, text: "" })} /> {one.label}
            </label>
          ))}
          {!region.cut && (
            <label>
              <input type="radio" name={name} checked={choice?.take === null} onChange={() => onChoose({ take: null, text: region.ours + region.theirs })} /> Edit
            </label>
          )}
        </div>
      )}
      {onChoose && choice?.take === null && (
        <textarea
          className={styles.edit}
          aria-label={`Text of block ${number}`}
          spellCheck={false}
          rows={Math.min(12, choice.text.split("\n").length + 1)}
          value={choice.text}
          onChange={(event) => onChoose({ take: null, text: event.target.value })}
        />
      )}
    </fieldset>
  );
}

function SideText({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <h4>{title}</h4>
      <pre tabIndex={0}>{visible(text) || "nothing"}</pre>
    </div>
  );
}

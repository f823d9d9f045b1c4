// The smallest part with its own verdict: its lines, buttons and comments.
import { RotateCcw } from "lucide-react";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { useDecide } from "../../shared/review/queries";
import type { DiffLine, ReviewUnit } from "../../shared/api/generated";
import { Problem } from "../../shared/api/client";
import { LineSelectionContext, keyOf, named, toggled } from "../../shared/diff/lineSelection";
import { showError, showToast } from "../../shared/ui/Toasts";
import { DiffLines } from "../../shared/diff/DiffLines";
import { useJoin, useSplit } from "../../shared/review/units";
import type { CommentDraft } from "./commentDrafts";
import type { Row } from "../../shared/diff/rows";
import { LinesBar } from "./LinesBar";
import { asLines, isEditable } from "./unitText";
import { UnitTextForm } from "./UnitTextForm";
import { UnitTools } from "./UnitTools";
import styles from "./UnitView.module.css";

interface UnitViewProps {
  changeId: string;
  path: string;
  unit: ReviewUnit;
  /** Its lines continue on the next page. */
  goesOn: boolean;
  /** Its lines began on the page before. */
  continued: boolean;
  onDraft: (remark: CommentDraft) => void;
  below: (row: Row) => ReactNode;
}

type Mode = "lines" | "edit" | null;

export function UnitView({ changeId, path, unit, goesOn, continued, onDraft, below }: UnitViewProps) {
  const [mode, setMode] = useState<Mode>(null);
  const selection = useSelection(unit.lines);
  const decide = useDecide(changeId);
  const split = useSplit(changeId);
  const join = useJoin(changeId);
  const { state } = unit;
  const set = (verdict: "accepted" | "rejected" | "open") =>
    decide.mutate(
      { units: [unit.id], verdict },
      { onError: showError, onSuccess: (done) => done.gone.length && showToast("The agent has changed this part meanwhile.", "Look at it again, then decide.") },
    );
  const side = unit.new_count > 0 ? "new" : "old";
  const first = side === "new" ? unit.new_start : unit.old_start;
  const last = first + Math.max(0, (side === "new" ? unit.new_count : unit.old_count) - 1);
  const label = `${unit.lines.length ? `Part at line ${first}` : unit.kind}, ${state}`;
  const quiet = unit.lines.length > 0 && unit.lines.every((line) => line.kind === "context");
  const close = () => {
    setMode(null);
    selection.clear();
  };
  const splitHere = () =>
    split.mutate(
      { unit: unit.id },
      {
        onError: (error) => (error instanceof Problem && error.code === "unit_has_one_part" && !goesOn ? setMode("lines") : showError(error)),
      },
    );
  const splitLines = (verdict: "accepted" | "rejected" | null) =>
    split.mutate({ unit: unit.id, lines: selection.lines, verdict }, { onError: showError, onSettled: close });
  return (
    <section className={styles.unit} data-unit={unit.id} data-state={state} tabIndex={0} aria-label={label}>
      {unit.reopened && (
        <p className={styles.reopened}>
          <RotateCcw aria-hidden /> You had {unit.reopened} this part; the agent changed it since. Look again.
        </p>
      )}
      {quiet && <p className={styles.note}>Only white space differs here.</p>}
      <LineSelectionContext value={mode === "lines" ? selection.value : null}>
        <DiffLines lines={unit.lines} path={path} onPick={(line, of) => onDraft({ first: line, last: line, side: of, text: "" })} below={below} />
      </LineSelectionContext>
      {unit.edited !== null && !goesOn && (
        <div className={styles.own}>
          <p className={styles.note}>Your text, applied in place of the agent's lines, which {unit.rest === "rejected" ? "are rejected" : "stay open"}:</p>
          <DiffLines lines={asLines(unit.edited)} path={path} />
        </div>
      )}
      {mode === "edit" && <UnitTextForm changeId={changeId} unit={unit} onClose={close} />}
      {mode === "lines" && <LinesBar count={selection.lines.length} busy={split.isPending} onDecide={splitLines} onCancel={close} />}
      {!goesOn && mode === null && (
        <UnitTools
          unit={unit}
          whole={!continued}
          editable={isEditable(unit)}
          onDecide={set}
          onComment={() => onDraft({ first, last, side, text: "" })}
          onSplit={splitHere}
          onJoin={() => join.mutate(unit.id, { onError: showError })}
          onLines={() => setMode("lines")}
          onEdit={() => setMode("edit")}
        />
      )}
    </section>
  );
}

/** The lines that the person selected. */
function useSelection(lines: readonly DiffLine[]) {
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<DiffLine | null>(null);
  const value = useMemo(
    () => ({
      selected,
      toggle: (line: DiffLine, range: boolean) => {
        select((now) => toggled(lines, now, line, range ? last.current : null));
        last.current = line;
      },
    }),
    [lines, selected],
  );
  const chosen = lines.filter((line) => line.kind !== "context" && selected.has(keyOf(line))).map(named);
  return { value, lines: chosen.filter((one) => one !== null), clear: () => select(new Set()) };
}

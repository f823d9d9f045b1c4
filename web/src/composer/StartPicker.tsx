// Where a new session's files start from: what is checked out, the checkout as it is, or a branch, tag or commit.
import type { StartInput } from "../api/generated";
import styles from "./StartPicker.module.css";

interface StartPickerProps {
  start: StartInput;
  onStart: (start: StartInput) => void;
}

export function StartPicker({ start, onStart }: StartPickerProps) {
  const named = start.from !== undefined && start.from !== null;
  const chosen = start.dirty ? "dirty" : named ? "named" : "head";
  return (
    <span className={styles.start}>
      <select
        aria-label="Start from"
        value={chosen}
        onChange={(event) => onStart({ head: {}, dirty: { dirty: true }, named: { from: "" } }[event.target.value] ?? {})}
      >
        <option value="head">From the last commit</option>
        <option value="dirty">With uncommitted files</option>
        <option value="named">From a branch or commit</option>
      </select>
      {named && (
        <input
          aria-label="Branch, tag or commit"
          placeholder="main"
          autoFocus
          spellCheck={false}
          autoCapitalize="off"
          value={start.from ?? ""}
          onChange={(event) => onStart({ from: event.target.value })}
        />
      )}
    </span>
  );
}

/** What is sent: a name that is still empty means the last commit. */
export function startOf(start: StartInput): StartInput {
  if (start.dirty) return { dirty: true };
  return start.from?.trim() ? { from: start.from.trim() } : {};
}

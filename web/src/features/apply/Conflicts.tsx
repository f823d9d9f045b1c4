// Conflicts of an apply: choose a side, both or an own text for each block, or let the agent resolve them.
import { useState } from "react";
import { call, type Problem } from "../../shared/api/client";
import type { FileConflict, FileChoiceInput } from "../../shared/api/generated";
import { useAction } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { showError, showToast } from "../../shared/ui/Toasts";
import { ConflictBlock } from "./ConflictBlock";
import { choiceInputs, type Choices, hasBlocks, isChosen, keyOf, takeBlock, takeFile } from "./conflictChoices";
import styles from "./Conflicts.module.css";

/** The files named by a refused apply. */
export function conflictsOf(problem: Problem): FileConflict[] {
  return (problem.body.conflicts as FileConflict[] | undefined) ?? [];
}

interface ConflictsProps {
  conflicts: FileConflict[];
  changeId: string;
  /** The agent was asked: the change is not ready to be applied. */
  onAsked: () => void;
}

export function Conflicts({ conflicts, changeId, onAsked }: ConflictsProps) {
  const [choices, setChoices] = useState<Choices>({});
  const left = conflicts.filter((file) => !isChosen(file, choices)).length;
  const resolve = useAction(
    (files: FileChoiceInput[]) => call("POST /api/changes/{change_id}/resolve", { path: { change_id: changeId }, body: { files } }),
    ["review", "session", "sessions", "tasks"],
  );
  const send = (files: FileChoiceInput[]) =>
    resolve.mutate(files, {
      onSuccess: (done) => {
        showToast(done.task_id ? "The agent has your files now and merges both sides." : "The conflicts are resolved. Nothing is written to your files yet.");
        if (done.task_id || !done.change_id) onAsked();
      },
      onError: showError,
    });
  return (
    <>
      <ul className={styles.files} aria-label="Conflicts">
        {conflicts.map((file) => (
          <ConflictFile key={keyOf(file)} file={file} choices={choices} onChoices={setChoices} />
        ))}
      </ul>
      <div className={styles.buttons}>
        <Button small kind="primary" disabled={resolve.isPending || left > 0} onClick={() => send(choiceInputs(conflicts, choices))}>
          {left > 0 ? `${left} of ${conflicts.length} files to choose` : "Resolve with these"}
        </Button>
        <Button small disabled={resolve.isPending} onClick={() => send([])}>
          Ask the agent to resolve
        </Button>
      </div>
    </>
  );
}

interface ConflictFileProps {
  file: FileConflict;
  choices: Choices;
  onChoices: (choices: Choices) => void;
}

function ConflictFile({ file, choices, onChoices }: ConflictFileProps) {
  const choice = choices[keyOf(file)];
  const take = (side: "user" | "agent") => onChoices(takeFile(choices, file, side));
  return (
    <li aria-label={visible(file.path)}>
      <code>{visible(file.path)}</code> {visible(file.text)}
      <div className={styles.buttons}>
        <Button small aria-pressed={choice?.take === "user"} onClick={() => take("user")}>
          Keep my file
        </Button>
        <Button small aria-pressed={choice?.take === "agent"} onClick={() => take("agent")}>
          Take the agent's file
        </Button>
      </div>
      {file.regions.map((region, index) => (
        <ConflictBlock
          key={index}
          number={index + 1}
          region={region}
          choice={choice?.blocks[index]}
          onChoose={hasBlocks(file) ? (next) => onChoices(takeBlock(choices, file, index, next)) : undefined}
        />
      ))}
      {file.more > 0 && <p>{file.more} more blocks: choose one side of the file, or ask the agent.</p>}
    </li>
  );
}

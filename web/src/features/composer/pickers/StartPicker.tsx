// The start point of a new session's files: the last commit, the working tree, or a branch, tag or commit.
import { Cloud, GitBranch, GitCommitHorizontal, Tag } from "lucide-react";
import type { StartInput, StartName } from "../../../shared/api/generated";
import { useStarts } from "../../../shared/api/suggestions";
import { age } from "../../../shared/text/times";
import { visible } from "../../../shared/text/visible";
import { SuggestField } from "../../../shared/ui/SuggestField";
import styles from "./StartPicker.module.css";

interface StartPickerProps {
  projectId: string | undefined;
  start: StartInput;
  onStart: (start: StartInput) => void;
}

export function StartPicker({ projectId, start, onStart }: StartPickerProps) {
  const named = start.from !== undefined && start.from !== null;
  const chosen = start.dirty ? "dirty" : named ? "named" : "head";
  const found = useStarts(projectId, named ? (start.from ?? "") : null);
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
        <SuggestField
          value={start.from ?? ""}
          onValue={(from) => onStart({ from })}
          found={found}
          keyOf={(one) => `${one.kind} ${one.name}`}
          onTake={(one) => {
            onStart({ from: one.name });
            return false;
          }}
          listLabel="Branches, tags and commits"
          row={(one) => <NameRow name={one} />}
          aria-label="Branch, tag or commit"
          placeholder="main"
          autoFocus
        />
      )}
    </span>
  );
}

const KINDS = {
  branch: { icon: GitBranch, word: "branch" },
  tag: { icon: Tag, word: "tag" },
  remote: { icon: Cloud, word: "remote branch" },
  commit: { icon: GitCommitHorizontal, word: "commit" },
} as const;

function NameRow({ name }: { name: StartName }) {
  const { icon: Icon, word } = KINDS[name.kind];
  return (
    <>
      <Icon aria-hidden />
      <span className="visually-hidden">{word}</span>
      <span className={styles.name}>{visible(name.name)}</span>
      <span className={styles.subject} title={visible(name.subject)}>
        {visible(name.subject)}
      </span>
      {name.at_unix > 0 && <span className={styles.age}>{age(new Date(name.at_unix * 1000))}</span>}
    </>
  );
}

/** The request's start; an empty name means the last commit. */
export function startOf(start: StartInput): StartInput {
  if (start.dirty) return { dirty: true };
  return start.from?.trim() ? { from: start.from.trim() } : {};
}

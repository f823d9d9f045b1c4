// The files of the change by directory, with statistics, flags and how far each one is decided.
import { ChevronRight, TriangleAlert } from "lucide-react";
import { useMemo, useState } from "react";
import type { ReviewFileOut } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./FileList.module.css";

const FILTER_FROM = 12;
const OPEN_UP_TO = 40;
const WIDE_PX = 700; // on a phone the differences need the room
const LETTERS: Record<string, string> = { added: "A", modified: "M", deleted: "D", renamed: "R", type_changed: "T" };

export function FileList({ files, onChoose }: { files: ReviewFileOut[]; onChoose: (number: number) => void }) {
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState(files.length <= OPEN_UP_TO && innerWidth > WIDE_PX);
  const shown = useMemo(() => files.filter((file) => file.path.toLowerCase().includes(filter.toLowerCase())), [files, filter]);
  return (
    <nav className={styles.files} aria-label="Files of the change">
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight aria-hidden /> {files.length === 1 ? "1 file" : `${files.length} files`}
      </button>
      {open && files.length >= FILTER_FROM && (
        <input type="search" placeholder="Filter files" aria-label="Filter files" value={filter} onChange={(event) => setFilter(event.target.value)} />
      )}
      {open && (
        <ul onKeyDown={walk}>
          {shown.map((file) => (
            <FileRow key={file.number} file={file} onChoose={onChoose} />
          ))}
        </ul>
      )}
    </nav>
  );
}

/** The arrow keys go from file to file. */
function walk(event: React.KeyboardEvent<HTMLUListElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const files = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("button")];
  const next = step && files[files.indexOf(document.activeElement as HTMLButtonElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function FileRow({ file, onChoose }: { file: ReviewFileOut; onChoose: (number: number) => void }) {
  const cut = file.path.lastIndexOf("/") + 1;
  const decided = file.open === 0 ? (file.rejected === 0 ? "accepted" : file.accepted === 0 ? "rejected" : "decided") : "open";
  return (
    <li>
      <button type="button" className={styles.file} data-decided={decided} onClick={() => onChoose(file.number)}>
        <span className={styles.letter} data-status={file.status} title={file.status.replace("_", " ")}>
          {LETTERS[file.status] ?? "M"}
        </span>
        <span className={styles.path}>
          <span className={styles.folder}>{visible(file.path.slice(0, cut))}</span>
          {visible(file.path.slice(cut))}
        </span>
        {file.flags.length > 0 && (
          <span className={styles.flag} title={file.flags.map((flag) => visible(flag.reason)).join("\n")}>
            <TriangleAlert aria-label={file.flags.map((flag) => visible(flag.reason)).join(", ")} />
          </span>
        )}
        <span className={styles.counts}>
          <span className={styles.added}>+{file.additions}</span> <span className={styles.removed}>−{file.deletions}</span>
        </span>
        <span className="visually-hidden">{decided}</span>
      </button>
    </li>
  );
}

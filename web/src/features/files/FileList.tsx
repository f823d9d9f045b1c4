// The files of the change: count, filter, tree or list.
import { ChevronRight, ChevronsDownUp, ChevronsUpDown, List, ListTree } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { ReviewedFile } from "../../shared/api/generated";
import { IconButton } from "../../shared/ui/Button";
import styles from "./FileList.module.css";
import { FileTree } from "./FileTree";
import { listRows, treeOf, treeRows } from "./fileTree";
import { setDiffView, useDiffView } from "../../shared/diff/diffView";

const FILTER_FROM = 12;
const WIDE_PX = 700; // on a phone the diff needs the space
const NONE: ReadonlySet<string> = new Set();

export function FileList({ files, onChoose }: { files: ReviewedFile[]; onChoose: (number: number) => void }) {
  const view = useDiffView();
  const [filter, setFilter] = useState("");
  const [folded, setFolded] = useState(NONE);
  const box = useRef<HTMLDivElement>(null);
  const open = view.listed ?? innerWidth > WIDE_PX;
  const wanted = filter.trim().toLowerCase();
  const shown = useMemo(() => (wanted ? files.filter((file) => file.path.toLowerCase().includes(wanted)) : files), [files, wanted]);
  const tree = useMemo(() => treeOf(shown), [shown]);
  // A filter's matches are shown with all folders open.
  const rows = useMemo(() => (view.files === "list" ? listRows(shown) : treeRows(tree, wanted ? NONE : folded)), [view.files, shown, tree, wanted, folded]);
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  const fold = (keys: readonly string[], away: boolean) => setFolded((before) => new Set(away ? [...before, ...keys] : [...before].filter((key) => !keys.includes(key))));
  return (
    <nav className={styles.files} aria-label="Files of the change">
      <div className={styles.head}>
        <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setDiffView({ listed: !open })}>
          <ChevronRight aria-hidden /> {count}
        </button>
        {open && files.length >= FILTER_FROM && (
          <input
            type="search"
            placeholder="Filter files"
            aria-label="Filter files"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => event.key === "ArrowDown" && (event.preventDefault(), box.current?.focus())}
          />
        )}
        {open && <Switches folded={folded} folders={() => treeRows(tree, NONE).filter((row) => row.kind === "folder").map((row) => row.key)} setFolded={setFolded} />}
      </div>
      {open && rows.length > 0 && <FileTree box={box} rows={rows} onFold={fold} onChoose={onChoose} />}
      {open && rows.length === 0 && <p className={styles.none}>No file has “{filter.trim()}” in its path.</p>}
    </nav>
  );
}

interface SwitchesProps {
  folded: ReadonlySet<string>;
  /** All folders. */
  folders: () => string[];
  setFolded: (folded: ReadonlySet<string>) => void;
}

function Switches({ folded, folders, setFolded }: SwitchesProps) {
  const { files } = useDiffView();
  return (
    <span className={styles.switches}>
      {files === "tree" && (
        <IconButton
          label={folded.size ? "Open all folders" : "Fold all folders"}
          icon={folded.size ? <ChevronsUpDown /> : <ChevronsDownUp />}
          onClick={() => setFolded(folded.size ? NONE : new Set(folders()))}
        />
      )}
      <IconButton
        label={files === "tree" ? "Show files as a list" : "Show files as a tree"}
        icon={files === "tree" ? <List /> : <ListTree />}
        onClick={() => setDiffView({ files: files === "tree" ? "list" : "tree" })}
      />
    </span>
  );
}

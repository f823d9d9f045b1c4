// A row of the file tree: name, size of the change, warnings, review progress.
import { ChevronRight, TriangleAlert } from "lucide-react";
import { visible } from "../../shared/text/visible";
import styles from "./FileList.module.css";
import { decided, type TreeRow } from "./fileTree";
import { sizeWords } from "../../shared/review/fileSize";
import { LineCounts } from "../../shared/review/LineCounts";

interface FileTreeRowProps {
  id: string;
  row: TreeRow;
  active: boolean;
  top: number;
  height: number;
  onTake: (row: TreeRow) => void;
}

const LETTERS: Record<string, string> = { added: "A", modified: "M", deleted: "D", renamed: "R", type_changed: "T" };

export function FileTreeRow({ id, row, active, top, height, onTake }: FileTreeRowProps) {
  const { sums } = row;
  const state = decided(sums);
  const size = row.kind === "file" ? sizeWords(row.file) : null;
  const flags = row.kind === "file" ? row.file.flags.map((flag) => visible(flag.reason)) : sums.flags ? [sums.flags === 1 ? "1 warning" : `${sums.flags} warnings`] : [];
  return (
    <div
      id={id}
      role="treeitem"
      className={styles.row}
      aria-level={row.level}
      aria-posinset={row.at}
      aria-setsize={row.of}
      aria-expanded={row.kind === "folder" ? row.open : undefined}
      aria-selected={active}
      aria-label={[visible(row.name), what(row), size ?? linesOf(sums), state.words, ...flags].filter(Boolean).join(", ")}
      data-decided={state.kind}
      style={{ top, height, paddingLeft: `${row.level * 14 - 6}px` }}
      onClick={() => onTake(row)}
    >
      {row.kind === "folder" ? (
        <ChevronRight aria-hidden className={styles.chevron} />
      ) : (
        <span className={styles.letter} data-status={row.file.status} title={row.file.status.replace("_", " ")}>
          {LETTERS[row.file.status] ?? "M"}
        </span>
      )}
      <Name row={row} />
      {flags.length > 0 && (
        <span className={styles.flag} title={flags.join("\n")}>
          <TriangleAlert aria-hidden />
        </span>
      )}
      <span className={styles.mark} title={state.words}>
        {state.mark}
      </span>
      <span className={styles.counts}>
        {size ?? <LineCounts additions={sums.additions} deletions={sums.deletions} />}
      </span>
    </div>
  );
}

function Name({ row }: { row: TreeRow }) {
  const cut = row.kind === "file" ? row.name.lastIndexOf("/") + 1 : row.name.length;
  return (
    <span className={styles.path} title={visible(row.kind === "file" ? row.file.path : row.key)}>
      <span className={styles.folder}>{visible(row.name.slice(0, cut))}</span>
      {visible(row.name.slice(cut))}
    </span>
  );
}

function what(row: TreeRow): string {
  if (row.kind === "file") return row.file.status.replace("_", " ");
  return row.sums.files === 1 ? "folder with 1 file" : `folder with ${row.sums.files} files`;
}

function linesOf({ additions, deletions }: TreeRow["sums"]): string {
  return additions || deletions ? `${additions} added, ${deletions} removed` : "";
}

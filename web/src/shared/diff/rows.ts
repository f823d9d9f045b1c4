// Lines of a unit as rows: one per line, or old beside new.
import type { DiffLine } from "../api/generated";

/** The left and the right cell; inline rows use only `right`. */
export interface Row {
  left: DiffLine | null;
  right: DiffLine | null;
}

export function inlineRows(lines: readonly DiffLine[]): Row[] {
  return lines.map((line) => ({ left: null, right: line }));
}

/** Removed lines beside the added lines that follow them. */
export function splitRows(lines: readonly DiffLine[]): Row[] {
  const rows: Row[] = [];
  let removed: DiffLine[] = [];
  let added: DiffLine[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++) rows.push({ left: removed[at] ?? null, right: added[at] ?? null });
    removed = [];
    added = [];
  };
  for (const line of lines) {
    if (line.kind === "removed") {
      if (added.length) flush();
      removed.push(line);
    } else if (line.kind === "added") added.push(line);
    else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

/** Whether a line has this number on this side. */
export function isLine(line: DiffLine | null, side: string, number: number): boolean {
  if (!line) return false;
  return side === "old" ? line.kind !== "added" && line.old === number : line.kind !== "removed" && line.new === number;
}

// Lines of a unit as rows of the screen: one a line, or old beside new. Pure.
import type { LineOut } from "../api/generated";

/** What stands on the left and on the right; inline only `right` is used, whatever the line is. */
export interface Row {
  left: LineOut | null;
  right: LineOut | null;
}

export function inlineRows(lines: readonly LineOut[]): Row[] {
  return lines.map((line) => ({ left: null, right: line }));
}

/** Removed lines beside the added ones that follow them. */
export function splitRows(lines: readonly LineOut[]): Row[] {
  const rows: Row[] = [];
  let removed: LineOut[] = [];
  let added: LineOut[] = [];
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

/** Whether a line is the one with this number on this side. */
export function isLine(line: LineOut | null, side: string, number: number): boolean {
  if (!line) return false;
  return side === "old" ? line.kind !== "added" && line.old === number : line.kind !== "removed" && line.new === number;
}

// Keyboard behaviour of the file tree, by the ARIA tree pattern.
import type { TreeRow } from "./fileTree";

/** Move to a row, open or fold folders, or activate the focused row. */
export type Step = { go: string } | { open: string[] } | { fold: string } | { take: string };

export const PAGE_ROWS = 10;

/** @param at index of the focused row. */
export function treeStep(rows: readonly TreeRow[], at: number, key: string): Step | null {
  const row = rows[at];
  if (!row) return null;
  const go = (index: number): Step => ({ go: rows[Math.max(0, Math.min(rows.length - 1, index))]?.key ?? row.key });
  switch (key) {
    case "ArrowDown":
      return go(at + 1);
    case "ArrowUp":
      return go(at - 1);
    case "PageDown":
      return go(at + PAGE_ROWS);
    case "PageUp":
      return go(at - PAGE_ROWS);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "ArrowRight":
      if (row.kind === "file") return { go: row.key };
      return row.open ? go(at + 1) : { open: [row.key] };
    case "ArrowLeft":
      if (row.kind === "folder" && row.open) return { fold: row.key };
      return go(above(rows, at));
    case "*":
      return { open: beside(rows, at) };
    case "Enter":
    case " ":
      return { take: row.key };
    default:
      return null;
  }
}

/** The next row whose name, or last path segment, starts with the text; repeating one letter cycles through matches. */
export function typedAhead(rows: readonly TreeRow[], at: number, typed: string): string | null {
  const wanted = typed.toLowerCase();
  const same = wanted.length > 1 && new Set(wanted).size === 1;
  const starts = same ? wanted.charAt(0) : wanted;
  const first = starts.length === 1 ? at + 1 : at; // stay on the current row while it matches
  for (let step = 0; step < rows.length; step++) {
    const row = rows[(first + step) % rows.length];
    const name = row?.name.toLowerCase() ?? "";
    if (row && (name.startsWith(starts) || name.slice(name.lastIndexOf("/") + 1).startsWith(starts))) return row.key;
  }
  return null;
}

/** Index of a row's folder; its own at the root. */
function above(rows: readonly TreeRow[], at: number): number {
  const level = rows[at]?.level ?? 1;
  for (let index = at - 1; index >= 0; index--) if ((rows[index]?.level ?? 1) < level) return index;
  return at;
}

/** The sibling folders of a row. */
function beside(rows: readonly TreeRow[], at: number): string[] {
  const level = rows[at]?.level ?? 1;
  let [from, to] = [at, at];
  while (from > 0 && (rows[from - 1]?.level ?? 0) >= level) from -= 1;
  while (to + 1 < rows.length && (rows[to + 1]?.level ?? 0) >= level) to += 1;
  return rows.slice(from, to + 1).filter((row) => row.kind === "folder" && row.level === level).map((row) => row.key);
}

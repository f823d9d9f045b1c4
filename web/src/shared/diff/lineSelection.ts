// Which changed lines of a unit are selected, to decide on them alone.
import { createContext } from "react";
import type { DiffLine } from "../api/generated";

export interface LineSelection {
  selected: ReadonlySet<string>;
  /** Select a line or take it out; with `range` all lines from the last one on. */
  toggle: (line: DiffLine, range: boolean) => void;
}

/** Null: lines cannot be selected. */
export const LineSelectionContext = createContext<LineSelection | null>(null);

export interface SelectedLine {
  side: "old" | "new";
  first: number;
}

/** A changed line as the service names it; null for an unchanged one. */
export function named(line: DiffLine): SelectedLine | null {
  if (line.kind === "context") return null;
  const side = line.kind === "removed" ? "old" : "new";
  const first = side === "old" ? line.old : line.new;
  return first === null ? null : { side, first };
}

export function keyOf(line: DiffLine): string {
  const one = named(line);
  return one ? `${one.side}${one.first}` : "";
}

/** The selection after a click; `last` is where the click before it was. */
export function toggled(lines: readonly DiffLine[], selected: ReadonlySet<string>, line: DiffLine, last: DiffLine | null): Set<string> {
  const next = new Set(selected);
  const on = !next.has(keyOf(line));
  const [from, to] = [lines.indexOf(last ?? line), lines.indexOf(line)].sort((a, b) => a - b) as [number, number];
  for (const one of from < 0 ? [line] : lines.slice(from, to + 1)) {
    if (one.kind === "context") continue;
    if (on) next.add(keyOf(one));
    else next.delete(keyOf(one));
  }
  return next;
}

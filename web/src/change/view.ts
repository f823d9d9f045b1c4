// How the change is shown: inline or side by side, wrapped or not, its files as a tree or a list. Kept in this browser.
import { keptFields } from "../kept/kept";

export interface DiffViewChoice {
  layout: "inline" | "split";
  wrap: boolean;
  files: "tree" | "list";
  /** Whether the files are listed at all; null: where there is room. */
  listed: boolean | null;
}

const choice = keptFields<DiffViewChoice>("boocoder.diff", { layout: "inline", wrap: true, files: "tree", listed: null });

export function setDiffView(next: Partial<DiffViewChoice>): void {
  choice.set({ ...choice.get(), ...next });
}

export function useDiffView(): DiffViewChoice {
  return choice.use();
}

// Display options of a change: inline or side by side, wrapping, files as tree or list. Stored in this browser.
import { persistedFields, usePersisted } from "../storage/persistedState";

export interface DiffViewChoice {
  layout: "inline" | "split";
  wrap: boolean;
  /** Whether changes of white space alone are shown. */
  space: boolean;
  files: "tree" | "list";
  /** Whether the files are listed; null: if there is room. */
  listed: boolean | null;
}

const choice = persistedFields<DiffViewChoice>("boocoder.diff", { layout: "inline", wrap: true, space: true, files: "tree", listed: null });

export function setDiffView(next: Partial<DiffViewChoice>): void {
  choice.set({ ...choice.get(), ...next });
}

export function useDiffView(): DiffViewChoice {
  return usePersisted(choice);
}

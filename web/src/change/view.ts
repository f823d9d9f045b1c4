// How differences are shown: inline or side by side, wrapped or not. Kept in this browser.
import { keptFields } from "../kept/kept";

export interface DiffViewChoice {
  layout: "inline" | "split";
  wrap: boolean;
}

const choice = keptFields<DiffViewChoice>("boocoder.diff", { layout: "inline", wrap: true });

export function setDiffView(next: Partial<DiffViewChoice>): void {
  choice.set({ ...choice.get(), ...next });
}

export function useDiffView(): DiffViewChoice {
  return choice.use();
}

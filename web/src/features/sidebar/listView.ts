// How the list of sessions is grouped and ordered, and which groups are folded. Stored in this browser.
import { persistedFields, usePersisted } from "../../shared/storage/persistedState";

export type Grouping = "project" | "state" | "date";
export type Order = "created" | "changed";

export interface ListView {
  group: Grouping;
  order: Order;
  /** Keys of folded groups. */
  folded: readonly string[];
}

export const DEFAULT_VIEW: ListView = { group: "project", order: "created", folded: [] };

const kept = persistedFields<ListView>("boocoder.sessions.view", DEFAULT_VIEW);

export function useListView(): ListView {
  return usePersisted(kept);
}

export function setListView(next: Partial<ListView>): void {
  kept.set({ ...kept.get(), ...next });
}

export function toggleFolded(key: string): void {
  const { folded } = kept.get();
  setListView({ folded: folded.includes(key) ? folded.filter((one) => one !== key) : [...folded, key] });
}

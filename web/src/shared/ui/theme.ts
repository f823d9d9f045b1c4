// Light, dark, or following the system. Stored in this browser.
import { useSyncExternalStore } from "react";
import { PersistedState, usePersisted } from "../storage/persistedState";

export type Theme = "system" | "light" | "dark";

const kept = new PersistedState<Theme>("boocoder.theme", (text) => (text === "light" || text === "dark" ? text : "system"), "system", String);
const dark = matchMedia("(prefers-color-scheme: dark)");

function show(): void {
  const theme = kept.get();
  document.documentElement.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
}

export function startTheme(): void {
  dark.addEventListener("change", show);
  kept.listen(show);
  show();
}

export function setTheme(theme: Theme): void {
  kept.set(theme);
}

/** Whether the page is dark now, also by following the system. */
export function useIsDark(): boolean {
  return useSyncExternalStore(watchShown, () => document.documentElement.dataset.theme === "dark");
}

function watchShown(listener: () => void): () => void {
  const watch = new MutationObserver(listener);
  watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => watch.disconnect();
}

export function useTheme(): Theme {
  return usePersisted(kept);
}

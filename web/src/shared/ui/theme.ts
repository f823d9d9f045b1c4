// Light, dark, or following the system. Stored in this browser.
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

export function useTheme(): Theme {
  return usePersisted(kept);
}

// Light, dark, or as the system has it. The choice is kept in this browser.
import { Kept } from "../kept/kept";

export type Theme = "system" | "light" | "dark";

const kept = new Kept<Theme>("boocoder.theme", (text) => (text === "light" || text === "dark" ? text : "system"), "system", String);
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
  return kept.use();
}

// The page's colours for the terminal, which cannot read the page's style sheet.
import { useEffect, useState } from "react";
import type { Look } from "./messages";

const FONT_PX = 13;

function look(): Look {
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    background: colour("--ground"),
    foreground: colour("--text"),
    selection: colour("--line-strong"),
    fontSize: FONT_PX,
    dark: root.dataset.theme === "dark",
  };
}

export function useTerminalTheme(): Look {
  const [now, set] = useState(look);
  useEffect(() => {
    const watch = new MutationObserver(() => set(look()));
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => watch.disconnect();
  }, []);
  return now;
}

// Cycles through system, light and dark theme.
import { Monitor, Moon, Sun } from "lucide-react";
import { IconButton } from "../../shared/ui/Button";
import { setTheme, useTheme } from "../../shared/ui/theme";

const NEXT = { system: "light", light: "dark", dark: "system" } as const;
const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeButton() {
  const theme = useTheme();
  const Icon = ICONS[theme];
  return <IconButton label={`Theme: ${theme}`} icon={<Icon />} onClick={() => setTheme(NEXT[theme])} />;
}

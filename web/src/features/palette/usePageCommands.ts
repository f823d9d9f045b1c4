// Commands of every page: navigation, theme, copy link.
import { useWaitingSessions } from "../../shared/api/sessions";
import { SHORTCUTS } from "../../shared/keys/shortcuts";
import { copyText } from "../../shared/ui/clipboard";
import { setTheme, useTheme, type Theme } from "../../shared/ui/theme";
import { showError, showToast } from "../../shared/ui/Toasts";
import type { PaletteCommand } from "./paletteCommand";
import type { PaletteView } from "./paletteView";
import { nextWaitingSession } from "./nextWaiting";

const THEMES: Record<Theme, string> = { light: "Theme: light", dark: "Theme: dark", system: "Theme: system" };

export function usePageCommands(sessionId: string | null, go: (address: string) => void, onOpen: (view: PaletteView | null) => void) {
  const { data: sessions = [] } = useWaitingSessions();
  const theme = useTheme();
  const waiting = (step: 1 | -1): PaletteCommand => {
    const next = nextWaitingSession(sessions, sessionId, step);
    const { key, what } = step === 1 ? SHORTCUTS.nextWaiting : SHORTCUTS.previousWaiting;
    return { name: what, key, words: ["permission", "question", "asks"], why: next ? null : "no other session waits", run: () => next && go(`/sessions/${next.id}`) };
  };
  const place = ({ key, what }: { key: string; what: string }, address: string, words: string[]): PaletteCommand => ({
    name: what,
    key,
    words,
    run: () => go(address),
  });
  const places = [
    place(SHORTCUTS.newSession, "/", ["home", "begin", "project"]),
    waiting(1),
    waiting(-1),
    place(SHORTCUTS.board, "/tasks", ["board", "queue", "cost"]),
    place(SHORTCUTS.agents, "/agents", ["models", "install"]),
    place(SHORTCUTS.settings, "/settings", ["preferences", "notifications"]),
  ];
  const themes = (Object.keys(THEMES) as Theme[]).filter((one) => one !== theme).map((one) => ({ name: THEMES[one], words: ["colour", "appearance"], run: () => setTheme(one) }));
  const copyLink = () => void copyText(location.href).then(() => showToast("Link copied."), showError);
  const page: PaletteCommand[] = [
    ...themes,
    { name: "Copy a link to this page", words: ["address", "url"], run: copyLink },
    { name: SHORTCUTS.help.what, key: SHORTCUTS.help.key, words: ["help", "keys"], run: () => onOpen("sheet") },
  ];
  return { places, page };
}

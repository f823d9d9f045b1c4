// Commands that every page has: where to go, how it looks, what is copied.
import { useSessions } from "../api/queries";
import { SHORTCUTS } from "../keys/shortcuts";
import { copyText } from "../ui/clipboard";
import { setTheme, useTheme, type Theme } from "../ui/theme";
import { complain, say } from "../ui/Toasts";
import type { PaletteCommand } from "./command";
import type { Opened } from "./Palette";
import { otherWaiting } from "./waiting";

const THEMES: Record<Theme, string> = { light: "Theme: light", dark: "Theme: dark", system: "Theme: as the system has it" };

export function usePageCommands(sessionId: string | null, go: (address: string) => void, onOpen: (opened: Opened) => void) {
  const { data: sessions = [] } = useSessions();
  const theme = useTheme();
  const waiting = (step: 1 | -1): PaletteCommand => {
    const next = otherWaiting(sessions, sessionId, step);
    const { key, what } = step === 1 ? SHORTCUTS.nextWaiting : SHORTCUTS.previousWaiting;
    return { name: what, key, words: ["permission", "question", "asks"], why: next ? null : "no other one waits", run: () => next && go(`/sessions/${next.id}`) };
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
  const copyLink = () => void copyText(location.href).then(() => say("The link is in the clipboard."), complain);
  const page: PaletteCommand[] = [
    ...themes,
    { name: "Copy a link to this page", words: ["address", "url"], run: copyLink },
    { name: SHORTCUTS.help.what, key: SHORTCUTS.help.key, words: ["help", "keys"], run: () => onOpen("sheet") },
  ];
  return { places, page };
}

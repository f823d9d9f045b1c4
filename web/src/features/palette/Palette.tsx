// The command palette (Ctrl K), and the shortcuts of every page.
import { useState } from "react";
import { useLocation, useRoute } from "wouter";
import { useSession } from "../../shared/api/queries";
import { useWaitingSessions } from "../../shared/api/sessions";
import { useRewind } from "../../shared/api/session";
import { SHORTCUTS, useShortcut } from "../../shared/keys/shortcuts";
import { DeleteDialog } from "../../shared/session/DeleteDialog";
import { RenameDialog } from "../../shared/session/RenameDialog";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { Dialog } from "../../shared/ui/Dialog";
import { showError, showToast } from "../../shared/ui/Toasts";
import { CommandList } from "./CommandList";
import type { PaletteView } from "./paletteView";
import { ShortcutSheet } from "./ShortcutSheet";
import { nextWaitingSession } from "./nextWaiting";

export function Palette() {
  const [opened, open] = useState<PaletteView | null>(null);
  const [, go] = useLocation();
  const [, route] = useRoute("/sessions/:id");
  const sessionId = route?.id ?? null;
  const close = () => open(null);
  useShortcut(SHORTCUTS.palette, () => open(opened === "palette" ? null : "palette"));
  useShortcut(SHORTCUTS.help, () => open("sheet"));
  useShortcut(SHORTCUTS.newSession, () => go("/"));
  useShortcut(SHORTCUTS.board, () => go("/tasks"));
  useShortcut(SHORTCUTS.agents, () => go("/agents"));
  useShortcut(SHORTCUTS.settings, () => go("/settings"));
  useWaitingShortcuts(sessionId, go);
  return (
    <>
      {opened === "palette" && (
        <Dialog size="list" title="Search and commands" onClose={close}>
          <CommandList sessionId={sessionId} onOpen={open} />
        </Dialog>
      )}
      {opened === "sheet" && <ShortcutSheet onClose={close} />}
      {opened === "rename" && sessionId && <Rename sessionId={sessionId} onClose={close} />}
      {opened === "delete" && sessionId && <DeleteDialog sessionIds={[sessionId]} onClose={close} />}
      {opened === "rewind" && sessionId && <Rewind sessionId={sessionId} onClose={close} />}
    </>
  );
}

function useWaitingShortcuts(sessionId: string | null, go: (address: string) => void): void {
  const { data: sessions = [] } = useWaitingSessions();
  const move = (step: 1 | -1) => {
    const next = nextWaitingSession(sessions, sessionId, step);
    if (next) go(`/sessions/${next.id}`);
    else showToast("No other session waits for you.");
  };
  useShortcut(SHORTCUTS.nextWaiting, () => move(1));
  useShortcut(SHORTCUTS.previousWaiting, () => move(-1));
}

function Rename({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const { data: session } = useSession(sessionId);
  return session ? <RenameDialog session={session} onClose={onClose} /> : null;
}

function Rewind({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const rewind = useRewind(sessionId);
  const confirmed = () => {
    onClose();
    rewind.mutate({ turns: 1 }, { onSuccess: ({ files }) => showToast(`Rewound ${files === 1 ? "1 file" : `${files} files`}.`), onError: showError });
  };
  return (
    <ConfirmDialog
      title="Rewind the files to before the last turn?"
      text="The current files of the agent's copy are kept as a snapshot first, so this can be undone in the history. Your own checkout and the conversation stay; the agent is informed."
      action="Rewind"
      onCancel={onClose}
      onConfirm={confirmed}
    />
  );
}

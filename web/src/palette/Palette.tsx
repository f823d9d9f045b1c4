// Search and commands in one place, opened by Ctrl K; and the shortcuts that work on every page.
import { useState } from "react";
import { useLocation, useRoute } from "wouter";
import { useSession, useSessions } from "../api/queries";
import { useRewind } from "../api/session";
import { SHORTCUTS, useShortcut } from "../keys/shortcuts";
import { RenameDialog } from "../sidebar/RenameDialog";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Dialog } from "../ui/Dialog";
import { complain, say } from "../ui/Toasts";
import { CommandList } from "./CommandList";
import { ShortcutSheet } from "./ShortcutSheet";
import { otherWaiting } from "./waiting";

/** What a command opens in the palette's place. */
export type Opened = "palette" | "sheet" | "rename" | "rewind" | null;

export function Palette() {
  const [opened, open] = useState<Opened>(null);
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
      {opened === "rewind" && sessionId && <Rewind sessionId={sessionId} onClose={close} />}
    </>
  );
}

function useWaitingShortcuts(sessionId: string | null, go: (address: string) => void): void {
  const { data: sessions = [] } = useSessions();
  const move = (step: 1 | -1) => {
    const next = otherWaiting(sessions, sessionId, step);
    if (next) go(`/sessions/${next.id}`);
    else say("No other session waits for you.");
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
    rewind.mutate({ turns: 1 }, { onSuccess: ({ files }) => say(`Set back: ${files === 1 ? "1 file" : `${files} files`}.`), onError: complain });
  };
  return (
    <ConfirmDialog
      title="Set the files back to before the last turn?"
      text="A snapshot of how the agent's copy is now is taken first, so this can be undone in the history. Your own checkout is not touched; the conversation stays, and the agent is told."
      action="Go back"
      onCancel={onClose}
      onConfirm={confirmed}
    />
  );
}

// Search and commands in one place: sessions, pages, actions. Opened by Ctrl K.
import { Dialog } from "@base-ui/react/dialog";
import { Command } from "cmdk";
import { useState } from "react";
import { useLocation } from "wouter";
import { useProjects, useSessions } from "../api/queries";
import { useMessageSearch } from "../api/search";
import { keyName, SHORTCUTS, useShortcut } from "../keys/shortcuts";
import { doing, WORDS } from "../sidebar/state";
import { DoingMark } from "../sidebar/DoingMark";
import { hitAddress } from "../sidebar/SearchResults";
import { Snippet } from "../sidebar/Snippet";
import { visible } from "../text/visible";
import { setTheme } from "../ui/theme";
import styles from "./Palette.module.css";
import { ShortcutSheet } from "./ShortcutSheet";

const HITS = 8;

export function Palette() {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [sheet, setSheet] = useState(false);
  const [, go] = useLocation();
  useShortcut(SHORTCUTS.palette, () => setOpen(!open));
  useShortcut(SHORTCUTS.help, () => setSheet(true));
  useShortcut(SHORTCUTS.newSession, () => go("/"));
  useShortcut(SHORTCUTS.board, () => go("/tasks"));
  useShortcut(SHORTCUTS.agents, () => go("/agents"));
  const run = (action: () => void) => () => {
    setOpen(false);
    action();
  };
  return (
    <>
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Portal>
          <Dialog.Backdrop className={styles.backdrop} />
          <Dialog.Popup className={styles.popup} aria-label="Search and commands">
            <Command loop label="Search and commands">
              <Command.Input className={styles.input} placeholder="Search sessions, messages and commands" autoFocus onValueChange={setTyped} />
              <Command.List className={styles.list}>
                <Command.Empty className={styles.empty}>Nothing is called that.</Command.Empty>
                <Sessions onChoose={(id) => run(() => go(`/sessions/${id}`))()} />
                {open && <Messages typed={typed} onChoose={(address) => run(() => go(address))()} />}
                <Command.Group heading="Go to" className={styles.group}>
                  <Action name="New session" shortcut={SHORTCUTS.newSession.key} onSelect={run(() => go("/"))} />
                  <Action name="Tasks" shortcut={SHORTCUTS.board.key} onSelect={run(() => go("/tasks"))} />
                  <Action name="Agents" shortcut={SHORTCUTS.agents.key} onSelect={run(() => go("/agents"))} />
                  <Action name="Settings" onSelect={run(() => go("/settings"))} />
                </Command.Group>
                <Command.Group heading="Page" className={styles.group}>
                  <Action name="Theme: light" onSelect={run(() => setTheme("light"))} />
                  <Action name="Theme: dark" onSelect={run(() => setTheme("dark"))} />
                  <Action name="Theme: as the system has it" onSelect={run(() => setTheme("system"))} />
                  <Action name="Copy a link to this page" onSelect={run(() => void navigator.clipboard.writeText(location.href))} />
                  <Action name="Keyboard shortcuts" shortcut={SHORTCUTS.help.key} onSelect={run(() => setSheet(true))} />
                </Command.Group>
              </Command.List>
            </Command>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <ShortcutSheet open={sheet} onOpenChange={setSheet} />
    </>
  );
}

function Sessions({ onChoose }: { onChoose: (id: string) => void }) {
  const { data: sessions = [] } = useSessions();
  const { data: projects = [] } = useProjects();
  return (
    <Command.Group heading="Sessions" className={styles.group}>
      {sessions.map((session) => (
        <Command.Item key={session.id} value={`${session.title} ${session.id}`} className={styles.item} onSelect={() => onChoose(session.id)}>
          <DoingMark doing={doing(session)} />
          <span>{visible(session.title)}</span>
          <small>
            {projects.find((one) => one.id === session.project_id)?.name} · {WORDS[doing(session)]}
          </small>
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** What the service found in the transcripts; its own words count, not how cmdk would rank them. */
function Messages({ typed, onChoose }: { typed: string; onChoose: (address: string) => void }) {
  const { data: hits = [] } = useMessageSearch(typed, HITS);
  if (!typed.trim() || hits.length === 0) return null;
  return (
    <Command.Group heading="Messages" className={styles.group} forceMount>
      {hits.map((hit) => (
        <Command.Item key={hit.message_id} value={`message ${hit.message_id}`} className={styles.hit} forceMount onSelect={() => onChoose(hitAddress(hit))}>
          <span>{visible(hit.session_title)}</span>
          <Snippet pieces={hit.snippet} />
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function Action({ name, shortcut, onSelect }: { name: string; shortcut?: string; onSelect: () => void }) {
  return (
    <Command.Item value={name} className={styles.item} onSelect={onSelect}>
      <span>{name}</span>
      {shortcut && <kbd>{keyName(shortcut)}</kbd>}
    </Command.Item>
  );
}

// What the palette offers: sessions, messages that hold what is typed, and what can be done here and now.
import { Command } from "cmdk";
import { useState } from "react";
import { useLocation } from "wouter";
import { CommandGroup } from "./CommandGroup";
import { FoundMessages } from "./FoundMessages";
import { FoundSessions } from "./FoundSessions";
import type { Opened } from "./Palette";
import styles from "./CommandList.module.css";
import { rank } from "./rank";
import { SessionCommands } from "./SessionCommands";
import { usePageCommands } from "./usePageCommands";

interface CommandListProps {
  /** The session that is shown, if any. */
  sessionId: string | null;
  onOpen: (opened: Opened) => void;
}

export function CommandList({ sessionId, onOpen }: CommandListProps) {
  const [typed, setTyped] = useState("");
  const [, goTo] = useLocation();
  const close = () => onOpen(null);
  const go = (address: string) => {
    close();
    goTo(address);
  };
  const { places, page } = usePageCommands(sessionId, go, onOpen);
  const searching = typed.trim() !== "";
  return (
    <Command loop label="Search and commands" className={styles.frame} filter={rank}>
      <Command.Input className={styles.input} placeholder="Search sessions, messages and commands" autoFocus onValueChange={setTyped} />
      <Command.List className={styles.list}>
        <Command.Empty className={styles.empty}>Nothing is called that.</Command.Empty>
        <FoundSessions searching={searching} here={sessionId} onChoose={go} />
        {sessionId && <SessionCommands sessionId={sessionId} searching={searching} onOpen={onOpen} go={go} />}
        <FoundMessages typed={typed} onChoose={go} />
        <CommandGroup heading="Go to" commands={places} searching={searching} onDone={close} />
        <CommandGroup heading="Page" commands={page} searching={searching} onDone={close} />
      </Command.List>
    </Command>
  );
}

// The palette's list: sessions, matching messages and commands.
import { Command } from "cmdk";
import { useState } from "react";
import { useLocation } from "wouter";
import { CommandGroup } from "./CommandGroup";
import { MessageResults } from "./MessageResults";
import { SessionResults } from "./SessionResults";
import type { PaletteView } from "./paletteView";
import styles from "./CommandList.module.css";
import { rank } from "./rank";
import { SessionCommands } from "./SessionCommands";
import { useEnterAhead } from "./useEnterAhead";
import { usePageCommands } from "./usePageCommands";

interface CommandListProps {
  /** The shown session, if any. */
  sessionId: string | null;
  onOpen: (view: PaletteView | null) => void;
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
  const enterAhead = useEnterAhead(typed);
  const searching = typed.trim() !== "";
  return (
    <Command loop label="Search and commands" className={styles.frame} filter={rank} {...enterAhead}>
      <Command.Input className={styles.input} placeholder="Search sessions, messages and commands" autoFocus onValueChange={setTyped} />
      <Command.List className={styles.list}>
        <Command.Empty className={styles.empty}>No results.</Command.Empty>
        <SessionResults typed={typed} here={sessionId} onChoose={go} />
        {sessionId && <SessionCommands sessionId={sessionId} searching={searching} onOpen={onOpen} go={go} />}
        <MessageResults typed={typed} onChoose={go} />
        <CommandGroup heading="Go to" commands={places} searching={searching} onDone={close} />
        <CommandGroup heading="Page" commands={page} searching={searching} onDone={close} />
      </Command.List>
    </Command>
  );
}

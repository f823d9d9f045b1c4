// What can be done with the session that is shown.
import { CommandGroup } from "./CommandGroup";
import type { Opened } from "./Palette";
import { useSessionCommands } from "./useSessionCommands";

interface SessionCommandsProps {
  sessionId: string;
  searching: boolean;
  onOpen: (opened: Opened) => void;
  go: (address: string) => void;
}

export function SessionCommands({ sessionId, searching, onOpen, go }: SessionCommandsProps) {
  const commands = useSessionCommands(sessionId, onOpen, go);
  return <CommandGroup heading="This session" commands={commands} searching={searching} onDone={() => onOpen(null)} />;
}

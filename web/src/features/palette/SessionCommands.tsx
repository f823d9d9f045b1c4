// The commands of the shown session.
import { CommandGroup } from "./CommandGroup";
import type { PaletteView } from "./paletteView";
import { useSessionCommands } from "./useSessionCommands";

interface SessionCommandsProps {
  sessionId: string;
  searching: boolean;
  onOpen: (view: PaletteView | null) => void;
  go: (address: string) => void;
}

export function SessionCommands({ sessionId, searching, onOpen, go }: SessionCommandsProps) {
  const commands = useSessionCommands(sessionId, onOpen, go);
  return <CommandGroup heading="This session" commands={commands} searching={searching} onDone={() => onOpen(null)} />;
}

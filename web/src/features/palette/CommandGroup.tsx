// Commands under a heading. Unavailable ones appear, with the reason, only in a search.
import { Command } from "cmdk";
import { keyName } from "../../shared/keys/shortcuts";
import type { PaletteCommand } from "./paletteCommand";
import { NOT_NOW } from "./rank";
import styles from "./CommandGroup.module.css";

interface CommandGroupProps {
  heading: string;
  commands: readonly PaletteCommand[];
  searching: boolean;
  /** Called before a command runs. */
  onDone: () => void;
}

export function CommandGroup({ heading, commands, searching, onDone }: CommandGroupProps) {
  const shown = commands.filter((one) => searching || !one.why);
  if (shown.length === 0) return null;
  return (
    <Command.Group heading={heading} className={styles.group}>
      {shown.map((one) => (
        <Command.Item
          key={one.why ? `${one.name}, not now` : one.name} // the list marks a first choice only when an item appears
          value={one.name}
          keywords={[...(one.words ?? []), ...(one.why ? [NOT_NOW] : [])]}
          disabled={Boolean(one.why)}
          className={styles.item}
          onSelect={() => {
            onDone();
            one.run();
          }}
        >
          <span className={styles.name}>{one.name}</span>
          {one.why ? <small>{one.why}</small> : one.key && <kbd>{keyName(one.key)}</kbd>}
        </Command.Item>
      ))}
    </Command.Group>
  );
}

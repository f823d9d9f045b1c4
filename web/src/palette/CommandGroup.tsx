// Some commands under a heading. What cannot be done now shows up, with the reason, only for who looks for it.
import { Command } from "cmdk";
import { keyName } from "../keys/shortcuts";
import type { PaletteCommand } from "./command";
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
          key={one.name}
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

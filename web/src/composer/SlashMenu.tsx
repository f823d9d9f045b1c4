// The agent's own commands, offered while the text begins with a slash.
import { useId, useState } from "react";
import { visible } from "../text/visible";
import styles from "./SlashMenu.module.css";

interface Command {
  name: string;
  description?: string;
}

export interface Slash {
  id: string;
  open: boolean;
  active: number;
  found: readonly Command[];
  choose: (name: string) => void;
  /** Whether a key was taken. */
  pressed: (event: React.KeyboardEvent) => boolean;
}

const SHOWN_MAX = 8;

export function useSlash(text: string, commands: readonly Command[], onChoose: (name: string) => void): Slash {
  const id = useId();
  const [place, setPlace] = useState(0);
  const [closed, setClosed] = useState("");
  const typed = /^\/(\S*)$/.exec(text)?.[1];
  const found = typed === undefined ? [] : commands.filter((one) => one.name.toLowerCase().includes(typed.toLowerCase())).slice(0, SHOWN_MAX);
  const open = found.length > 0 && closed !== text;
  const active = Math.min(place, found.length - 1);
  const pressed = (event: React.KeyboardEvent): boolean => {
    if (!open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setPlace((active + step + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") onChoose(found[active]?.name ?? "");
    else if (event.key === "Escape") setClosed(text);
    else return false;
    event.preventDefault();
    return true;
  };
  return { id, open, active, found, choose: onChoose, pressed };
}

export function SlashMenu({ slash }: { slash: Slash }) {
  if (!slash.open) return null;
  return (
    <ul className={styles.menu} role="listbox" id={slash.id} aria-label="Commands of the agent">
      {slash.found.map((command, index) => (
        <li
          key={command.name}
          id={`${slash.id}-${index}`}
          role="option"
          aria-selected={index === slash.active}
          onPointerDown={(event) => {
            event.preventDefault();
            slash.choose(command.name);
          }}
        >
          <strong>/{visible(command.name)}</strong> <span>{visible(command.description ?? "")}</span>
        </li>
      ))}
    </ul>
  );
}

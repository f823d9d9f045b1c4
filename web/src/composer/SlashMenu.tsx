// The agent's own commands, offered while the text begins with a slash.
import { visible } from "../text/visible";
import { type Menu, useMenu } from "./menu";
import { Suggestions } from "./Suggestions";

export interface Command {
  name: string;
  description?: string;
}

const SHOWN_MAX = 8;

export function useSlash(text: string, commands: readonly Command[], onChoose: (name: string) => void): Menu<Command> {
  const typed = /^\/(\S*)$/.exec(text)?.[1];
  const found = typed === undefined ? [] : commands.filter((one) => one.name.toLowerCase().includes(typed.toLowerCase())).slice(0, SHOWN_MAX);
  return useMenu(found, text, (command) => onChoose(command.name));
}

export function SlashMenu({ slash, below }: { below: boolean; slash: Menu<Command> }) {
  return (
    <Suggestions menu={slash} below={below} label="Commands of the agent" keyOf={(command) => command.name}>
      {(command) => (
        <>
          <strong>/{visible(command.name)}</strong> <span>{visible(command.description ?? "")}</span>
        </>
      )}
    </Suggestions>
  );
}

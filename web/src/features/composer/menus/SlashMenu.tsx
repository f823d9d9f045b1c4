// Command suggestions for a text that begins with "/".
import { visible } from "../../../shared/text/visible";
import { type SuggestionMenu, useSuggestionMenu } from "./useSuggestionMenu";
import { Suggestions } from "./Suggestions";

export interface Command {
  name: string;
  description?: string;
}

const SHOWN_MAX = 8;

export function useSlashMenu(text: string, commands: readonly Command[], onChoose: (name: string) => void): SuggestionMenu<Command> {
  const typed = /^\/(\S*)$/.exec(text)?.[1];
  const found = typed === undefined ? [] : commands.filter((one) => one.name.toLowerCase().includes(typed.toLowerCase())).slice(0, SHOWN_MAX);
  return useSuggestionMenu(found, text, (command) => onChoose(command.name));
}

export function SlashMenu({ slash, below }: { below: boolean; slash: SuggestionMenu<Command> }) {
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

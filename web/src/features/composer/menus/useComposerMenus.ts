// The composer's menus: commands for "/", files for "@".
import { type RefObject, useState } from "react";
import { flushSync } from "react-dom";
import type { Target } from "../target";
import { useFileMenu } from "./FileMenu";
import { mentionAt, withPath } from "./mention";
import { type Command, useSlashMenu } from "./SlashMenu";

interface Field {
  text: string;
  setText: (text: string) => void;
  field: RefObject<HTMLTextAreaElement | null>;
}

export function useComposerMenus({ text, setText, field }: Field, target: Target, commands: readonly Command[]) {
  const [cursor, setCursor] = useState(0);
  const slash = useSlashMenu(text, commands, (name) => {
    setText(`/${name} `);
    field.current?.focus();
  });
  const mention = mentionAt(text, cursor);
  const files = useFileMenu(target, mention, (path) => {
    if (!mention) return;
    const next = withPath(text, mention, path);
    flushSync(() => setText(next.text)); // the cursor can only be set in rendered text
    setCursor(next.cursor);
    field.current?.setSelectionRange(next.cursor, next.cursor);
  });
  return { slash, files, menu: slash.open ? slash : files, setCursor };
}

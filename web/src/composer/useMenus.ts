// The menus of the text field: commands behind "/", files behind "@".
import { type RefObject, useState } from "react";
import { flushSync } from "react-dom";
import type { Target } from "./Composer";
import { useFileMenu } from "./FileMenu";
import { mentionAt, withPath } from "./mention";
import { type Command, useSlash } from "./SlashMenu";

interface Field {
  text: string;
  setText: (text: string) => void;
  field: RefObject<HTMLTextAreaElement | null>;
}

export function useMenus({ text, setText, field }: Field, target: Target, commands: readonly Command[]) {
  const [cursor, setCursor] = useState(0);
  const slash = useSlash(text, commands, (name) => {
    setText(`/${name} `);
    field.current?.focus();
  });
  const mention = mentionAt(text, cursor);
  const files = useFileMenu(target, mention, (path) => {
    if (!mention) return;
    const next = withPath(text, mention, path);
    flushSync(() => setText(next.text)); // the cursor can be set only in the text that is there
    setCursor(next.cursor);
    field.current?.setSelectionRange(next.cursor, next.cursor);
  });
  return { slash, files, menu: slash.open ? slash : files, setCursor };
}

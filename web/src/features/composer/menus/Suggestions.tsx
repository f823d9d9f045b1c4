// The suggestion menu above or below the text. The focus stays in the text field.
import { type ReactNode, useEffect, useRef } from "react";
import type { SuggestionMenu } from "./useSuggestionMenu";
import styles from "./Suggestions.module.css";

interface SuggestionsProps<Item> {
  menu: SuggestionMenu<Item>;
  label: string;
  below: boolean;
  keyOf: (item: Item) => string;
  children: (item: Item) => ReactNode;
}

export function Suggestions<Item>({ menu, label, below, keyOf, children }: SuggestionsProps<Item>) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[menu.active]?.scrollIntoView({ block: "nearest" }); // returns a promise in some browsers, so it must not become the cleanup
  }, [menu.active]);
  if (!menu.open) return null;
  return (
    <ul ref={list} data-below={below || undefined} className={styles.menu} role="listbox" id={menu.id} aria-label={label}>
      {menu.found.map((item, index) => (
        <li
          key={keyOf(item)}
          id={`${menu.id}-${index}`}
          role="option"
          aria-selected={index === menu.active}
          onPointerDown={(event) => {
            event.preventDefault();
            menu.choose(item);
          }}
        >
          {children(item)}
        </li>
      ))}
    </ul>
  );
}

// Shows a menu of suggestions above the text. The keyboard stays in the text field.
import type { ReactNode } from "react";
import type { Menu } from "./menu";
import styles from "./Suggestions.module.css";

interface SuggestionsProps<Item> {
  menu: Menu<Item>;
  label: string;
  keyOf: (item: Item) => string;
  children: (item: Item) => ReactNode;
}

export function Suggestions<Item>({ menu, label, keyOf, children }: SuggestionsProps<Item>) {
  if (!menu.open) return null;
  return (
    <ul className={styles.menu} role="listbox" id={menu.id} aria-label={label}>
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

// A text field with suggestions below: free text is allowed, arrow keys move, Enter takes a suggestion.
import { type ComponentProps, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import styles from "./SuggestField.module.css";

type InputProps = Omit<ComponentProps<"input">, "value" | "onChange" | "children" | "list">;

interface SuggestFieldProps<Item> extends InputProps {
  value: string;
  onValue: (value: string) => void;
  found: readonly Item[];
  keyOf: (item: Item) => string;
  /** Take an item; true to keep the list open for what follows from it. */
  onTake: (item: Item) => boolean;
  /** Accessible name of the list. */
  listLabel: string;
  row: (item: Item) => ReactNode;
}

export function SuggestField<Item>({ value, onValue, found, keyOf, onTake, listLabel, row, ...input }: SuggestFieldProps<Item>) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const shown = open && found.length > 0;
  const chosen = shown ? found[active] : undefined;
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const take = (item: Item) => {
    setActive(-1);
    setOpen(onTake(item));
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !shown) setOpen(true);
    else if (step) setActive(next(active, step, found.length));
    else if (chosen !== undefined && (event.key === "Enter" || event.key === "Tab")) take(chosen);
    else if (event.key === "Escape" && shown) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className={styles.field}>
      <input
        {...input}
        role="combobox"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={shown ? id : undefined}
        aria-activedescendant={chosen === undefined ? undefined : `${id}-${active}`}
        value={value}
        onChange={(event) => {
          setActive(-1);
          setOpen(true);
          onValue(event.target.value);
        }}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      {shown && (
        <ul ref={list} id={id} className={styles.list} role="listbox" aria-label={listLabel}>
          {found.map((item, place) => (
            <li
              key={keyOf(item)}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === active}
              onPointerDown={(event) => event.preventDefault() /* the field keeps the keyboard */}
              onClick={() => take(item)}
            >
              {row(item)}
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}

/** The next or previous index, wrapping around through "none" (-1). */
function next(place: number, step: number, count: number): number {
  return ((place + 1 + step + count + 1) % (count + 1)) - 1;
}

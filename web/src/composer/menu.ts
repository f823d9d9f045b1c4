// A list of suggestions at the text that is being written: which one is chosen by the keys, and when it is closed.
import { type KeyboardEvent, useId, useState } from "react";

export interface Menu<Item> {
  id: string;
  open: boolean;
  active: number;
  found: readonly Item[];
  choose: (item: Item) => void;
  /** Whether a key was taken. */
  pressed: (event: KeyboardEvent) => boolean;
}

/** @param typed what the suggestions belong to; Escape closes the menu until it is something else. */
export function useMenu<Item>(found: readonly Item[], typed: string, onChoose: (item: Item) => void): Menu<Item> {
  const id = useId();
  const [place, setPlace] = useState({ typed, index: 0 });
  const [closed, setClosed] = useState<string | null>(null);
  const open = found.length > 0 && closed !== typed;
  const active = place.typed === typed ? Math.min(place.index, found.length - 1) : 0;
  const pressed = (event: KeyboardEvent): boolean => {
    if (!open || event.nativeEvent.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = found[active];
    if (step) setPlace({ typed, index: (active + step + found.length) % found.length });
    else if (item !== undefined && !event.shiftKey && (event.key === "Enter" || event.key === "Tab")) onChoose(item);
    else if (event.key === "Escape") setClosed(typed);
    else return false;
    event.preventDefault();
    return true;
  };
  return { id, open, active, found, choose: onChoose, pressed };
}

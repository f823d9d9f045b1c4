// State of a suggestion menu at the text cursor: keyboard selection, and when it closes.
import { type KeyboardEvent, useId, useState } from "react";

export interface SuggestionMenu<Item> {
  id: string;
  open: boolean;
  active: number;
  found: readonly Item[];
  choose: (item: Item) => void;
  /** Handle a key; true if it was used. */
  pressed: (event: KeyboardEvent) => boolean;
}

/** @param typed the text of the suggestions; Escape closes the menu until it changes. */
export function useSuggestionMenu<Item>(found: readonly Item[], typed: string, onChoose: (item: Item) => void): SuggestionMenu<Item> {
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

// Goes to the message that the address names, once it is there; history may still be on its way.
import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Item } from "../stream/conversation";

const SETTLE_MS = [60, 250, 700]; // heights are guesses until rows were shown: go there again

/** Id of the message that was gone to, if any; afterwards the person scrolls as they like. */
export function useWanted(
  wanted: string | null,
  items: readonly Item[],
  list: Virtualizer<HTMLDivElement, Element>,
  onLeave: () => void,
): string | null {
  const done = useRef<string | null>(null);
  const index = wanted && done.current !== wanted ? items.findIndex((one) => one.id === wanted) : -1;
  useEffect(() => {
    if (index < 0) return;
    done.current = wanted;
    onLeave();
    const go = () => list.scrollToIndex(index, { align: "start" });
    go();
    for (const wait of SETTLE_MS) setTimeout(go, wait);
  }, [index, wanted, list, onLeave]);
  return wanted;
}

// Scrolls to the message named in the address once it is loaded.
import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Item } from "../../shared/stream/conversation";

const SETTLE_MS = [60, 250, 700]; // row heights are estimates until rendered: scroll again

/** Id of the message scrolled to, if any; scrolls only once. */
export function useScrollToMessage(
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

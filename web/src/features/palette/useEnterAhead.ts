// Enter pressed before anything is found: the first result is chosen as soon as it appears.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";

const CHOSEN = '[cmdk-item][data-selected="true"]:not([data-disabled="true"])';

/**
 * Properties of the list's frame.
 *
 * @param typed what stands in the field now; typing on forgets the key.
 */
export function useEnterAhead(typed: string) {
  const ref = useRef<HTMLDivElement>(null);
  const [pressedFor, press] = useState<string | null>(null);
  useEffect(() => {
    const frame = ref.current;
    if (!frame || pressedFor === null || pressedFor !== typed) return;
    const observer = new MutationObserver(() => {
      const found = frame.querySelector<HTMLElement>(CHOSEN);
      if (!found) return;
      observer.disconnect();
      found.click();
    });
    observer.observe(frame, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-selected"] });
    return () => observer.disconnect();
  }, [pressedFor, typed]);
  const onKeyDown = (event: KeyboardEvent) => {
    const early = event.key === "Enter" && !event.nativeEvent.isComposing && !ref.current?.querySelector(CHOSEN);
    if (early && typed.trim() !== "") press(typed);
  };
  return { ref, onKeyDown };
}

// Whether an element is on the screen or close to it, so that distant ones cost nothing.
import { useEffect, useState, type RefObject } from "react";

const MARGIN_PX = 900; // about a screen on each side

export function useNearViewport(element: RefObject<HTMLElement | null>, first = false): boolean {
  const [near, setNear] = useState(first);
  useEffect(() => {
    if (!element.current) return;
    const watch = new IntersectionObserver((seen) => setNear(seen.at(-1)?.isIntersecting ?? false), {
      root: element.current.closest("[data-scroll]"),
      rootMargin: `${MARGIN_PX}px 0px`,
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [element]);
  return near;
}

// Reorders rows by dragging, with mouse or touch. The order changes on release.
import { type PointerEvent, useRef, useState } from "react";

export interface Grip {
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: (event: PointerEvent) => void;
  onPointerCancel: () => void;
}

export function useDragOrder(count: number, onPut: (from: number, to: number) => void) {
  const rows = useRef<(HTMLElement | null)[]>([]);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const at = (y: number): number => {
    const middles = rows.current.slice(0, count).map((row) => {
      const box = row?.getBoundingClientRect();
      return box ? box.top + box.height / 2 : 0;
    });
    const above = middles.filter((middle) => middle < y).length;
    return Math.min(count - 1, drag && above > drag.from ? above - 1 : above);
  };
  const grip = (from: number): Grip => ({
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrag({ from, to: from });
    },
    onPointerMove: (event) => drag && setDrag({ from: drag.from, to: at(event.clientY) }),
    onPointerUp: () => {
      if (drag) onPut(drag.from, drag.to);
      setDrag(null);
    },
    onPointerCancel: () => setDrag(null),
  });
  /** The drop marker of row `index`: above or below. */
  const placeOf = (index: number): "above" | "below" | undefined => {
    if (!drag || drag.to !== index || drag.from === index) return undefined;
    return drag.to < drag.from ? "above" : "below";
  };
  const row = (index: number) => (element: HTMLElement | null) => {
    rows.current[index] = element;
  };
  return { from: drag?.from, grip, placeOf, row };
}

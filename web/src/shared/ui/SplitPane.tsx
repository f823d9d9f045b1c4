// A right-hand column, resizable by pointer or arrow keys; the width is stored in this browser.
import { useRef, useState, type ReactNode } from "react";
import styles from "./SplitPane.module.css";

interface SplitPaneProps {
  name: string;
  label: string;
  /** Covers what is beside it. */
  whole?: boolean;
  children: ReactNode;
}

const WIDTH_MIN = 320;
const WIDTH_DEFAULT = 560;
const BESIDE_MIN = 400; // what is beside it stays readable; SplitPane.module.css holds it when the window shrinks
const STEP_PX = 32;

export function SplitPane({ name, label, whole = false, children }: SplitPaneProps) {
  const key = `boocoder.width.${name}`;
  const [width, setWidth] = useState(() => Number(localStorage.getItem(key)) || WIDTH_DEFAULT);
  const pane = useRef<HTMLElement>(null);
  const set = (wanted: number) => {
    const most = Math.max(WIDTH_MIN, (pane.current?.parentElement?.clientWidth ?? innerWidth) - BESIDE_MIN);
    const next = Math.round(Math.min(most, Math.max(WIDTH_MIN, wanted)));
    setWidth(next);
    localStorage.setItem(key, String(next));
  };
  const drag = (event: React.PointerEvent) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !pane.current) return;
    set(pane.current.getBoundingClientRect().right - event.clientX);
  };
  const pressed = (event: React.KeyboardEvent) => {
    const step = { ArrowLeft: STEP_PX, ArrowRight: -STEP_PX }[event.key];
    if (!step) return;
    event.preventDefault();
    set(width + step);
  };
  return (
    <aside className={styles.pane} data-whole={whole || undefined} ref={pane} style={{ width }} aria-label={label}>
      <div
        className={styles.handle}
        role="separator"
        aria-orientation="vertical"
        aria-label={`Width of ${label.toLowerCase()}`}
        aria-valuenow={width}
        aria-valuemin={WIDTH_MIN}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={pressed}
      />
      {children}
    </aside>
  );
}

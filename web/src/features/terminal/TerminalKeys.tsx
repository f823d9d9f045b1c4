// Keys that the keyboard of a phone lacks. They do not take the focus, so that its keyboard stays.
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import type { TerminalKey } from "./messages";
import styles from "./TerminalView.module.css";

interface TerminalKeysProps {
  /** Whether the next character is typed with Ctrl. */
  ctrl: boolean;
  onCtrl: () => void;
  onKey: (key: TerminalKey) => void;
}

const KEYS: readonly { key: TerminalKey; name: string; face: ReactNode }[] = [
  { key: "escape", name: "Escape", face: "Esc" },
  { key: "tab", name: "Tab", face: "Tab" },
  { key: "left", name: "Left", face: <ArrowLeft aria-hidden /> },
  { key: "up", name: "Up", face: <ArrowUp aria-hidden /> },
  { key: "down", name: "Down", face: <ArrowDown aria-hidden /> },
  { key: "right", name: "Right", face: <ArrowRight aria-hidden /> },
];

export function TerminalKeys({ ctrl, onCtrl, onKey }: TerminalKeysProps) {
  const keepFocus = (event: React.PointerEvent) => event.preventDefault();
  return (
    <div className={styles.keys} role="toolbar" aria-label="Keys">
      <button type="button" aria-pressed={ctrl} onPointerDown={keepFocus} onMouseDown={(event) => event.preventDefault()} onClick={onCtrl}>
        Ctrl
      </button>
      {KEYS.map(({ key, name, face }) => (
        <button key={key} type="button" aria-label={name} onPointerDown={keepFocus} onMouseDown={(event) => event.preventDefault()} onClick={() => onKey(key)}>
          {face}
        </button>
      ))}
    </div>
  );
}

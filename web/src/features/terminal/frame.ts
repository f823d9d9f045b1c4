// The iframe's program: draws the terminal. It has no origin and no network, only one message port.
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import xtermStyle from "@xterm/xterm/css/xterm.css?inline";
import frameStyle from "./frame.css?inline";
import type { FromFrame, Look, TerminalKey, ToFrame } from "./messages";

const SCROLLBACK_LINES = 5_000;
const SETTLE_MS = 60; // report a size only once it is stable

const style = document.createElement("style");
style.textContent = `${xtermStyle}\n${frameStyle}`;
document.head.append(style);

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (event.source === parent && port) draw(port);
}, { once: true });

function draw(port: MessagePort): void {
  const tell = (message: FromFrame) => port.postMessage(message);
  const terminal = new Terminal({
    scrollback: SCROLLBACK_LINES,
    minimumContrastRatio: 4.5,
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
    screenReaderMode: false,
    macOptionIsMeta: true,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(document.body);
  terminal.textarea?.setAttribute("aria-label", "Terminal. Shift+Escape leaves it.");
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type === "keydown" && event.key === "Escape" && event.shiftKey) {
      tell({ type: "leave" });
      return false;
    }
    // The browser copies; without a selection Ctrl+C goes to the shell.
    return !(event.key === "c" && (event.ctrlKey || event.metaKey) && terminal.hasSelection());
  });
  terminal.onData((text) => tell({ type: "input", text }));
  terminal.onBinary((text) => tell({ type: "input", text }));
  let dressed = false;
  terminal.onResize(({ rows, cols }) => dressed && tell({ type: "resize", rows, columns: cols }));
  port.onmessage = (event: MessageEvent<ToFrame>) => {
    const message = event.data;
    if (message.type === "data") terminal.write(message.bytes);
    else if (message.type === "look") {
      dress(terminal, fit, message.look);
      // The size is final only now; resizing a shell after its start makes it draw its prompt over its output.
      if (!dressed) tell({ type: "resize", rows: terminal.rows, columns: terminal.cols });
      dressed = true;
    } else if (message.type === "key") terminal.input(sequenceOf(message.key, terminal.modes.applicationCursorKeysMode));
    else if (message.type === "clear") terminal.reset();
    else terminal.focus();
  };
  let timer = 0;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = window.setTimeout(() => fit.fit(), SETTLE_MS);
  }).observe(document.documentElement);
}

const ARROWS = { up: "A", down: "B", right: "C", left: "D" } as const;

/** @param application whether the program wants arrows in their application form (DECCKM). */
function sequenceOf(key: TerminalKey, application: boolean): string {
  if (key === "escape") return "\x1b";
  return key === "tab" ? "\t" : `\x1b${application ? "O" : "["}${ARROWS[key]}`;
}

function dress(terminal: Terminal, fit: FitAddon, look: Look): void {
  terminal.options.theme = {
    background: look.background,
    foreground: look.foreground,
    cursor: look.foreground,
    cursorAccent: look.background,
    selectionBackground: look.selection,
  };
  terminal.options.fontSize = look.fontSize;
  document.documentElement.style.background = look.background;
  document.documentElement.style.colorScheme = look.dark ? "dark" : "light";
  fit.fit();
}

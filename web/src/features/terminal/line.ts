// The connection to one shell.
import { Problem } from "../../shared/api/client";
import { pieces } from "./messages";

export type State =
  | { kind: "opening" }
  | { kind: "open" }
  | { kind: "ended"; exitCode: number | null }
  | { kind: "lost" }
  | { kind: "failed"; problem: Problem };

interface Line {
  type: (text: string) => void;
  resize: (rows: number, columns: number) => void;
  close: () => void;
}

interface Size {
  rows: number;
  columns: number;
}

/** Open the connection; `onBytes` and `onState` are called until `close`. */
export function openLine(sessionId: string, size: Size, onBytes: (bytes: Uint8Array) => void, onState: (state: State) => void): Line {
  const query = new URLSearchParams({ name: nameOf(sessionId), rows: String(size.rows), columns: String(size.columns) });
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/api/sessions/${encodeURIComponent(sessionId)}/terminal?${query}`);
  socket.binaryType = "arraybuffer";
  let over = false;
  const finish = (state: State) => {
    if (!over) onState(state);
    over = true;
  };
  onState({ kind: "opening" });
  socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
    if (over) return;
    if (typeof event.data !== "string") return onBytes(new Uint8Array(event.data));
    const message = JSON.parse(event.data) as { type: string; exit_code?: number | null; code?: string; text?: string; cure?: string };
    if (message.type === "opened") onState({ kind: "open" });
    else if (message.type === "ended") finish({ kind: "ended", exitCode: message.exit_code ?? null });
    else if (message.type === "error") finish({ kind: "failed", problem: new Problem(409, message.code ?? "", message.text ?? "", message.cure ?? "") });
  };
  socket.onclose = () => finish({ kind: "lost" });
  const early: string[] = []; // input and resizes from before the connection opened
  socket.onopen = () => early.splice(0).forEach((text) => socket.send(text));
  const tell = (message: object) => {
    const text = JSON.stringify(message);
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
    else if (socket.readyState === WebSocket.CONNECTING) early.push(text);
  };
  return {
    type: (text) => pieces(text).forEach((piece) => tell({ type: "input", text: piece })),
    resize: (rows, columns) => tell({ type: "resize", rows, columns }),
    close: () => {
      over = true;
      socket.close();
    },
  };
}

/** This tab's terminal of a session; a page reload finds it again. */
function nameOf(sessionId: string): string {
  const key = `boocoder.terminal.${sessionId}`;
  const known = sessionStorage.getItem(key);
  if (known) return known;
  const name = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(key, name);
  return name;
}

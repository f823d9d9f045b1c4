// The connection of the page to one shell. It draws nothing.
import { Problem } from "../api/client";
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

/** Open it; `onBytes` and `onState` are called until `close`. */
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
    const told = JSON.parse(event.data) as { type: string; exit_code?: number | null; code?: string; text?: string; cure?: string };
    if (told.type === "opened") onState({ kind: "open" });
    else if (told.type === "ended") finish({ kind: "ended", exitCode: told.exit_code ?? null });
    else if (told.type === "error") finish({ kind: "failed", problem: new Problem(409, told.code ?? "", told.text ?? "", told.cure ?? "") });
  };
  socket.onclose = () => finish({ kind: "lost" });
  const early: string[] = []; // typed, or resized, while the line is being opened
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

/** This tab's own terminal of a session: it is found again when the page is loaded anew. */
function nameOf(sessionId: string): string {
  const key = `boocoder.terminal.${sessionId}`;
  const known = sessionStorage.getItem(key);
  if (known) return known;
  const name = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(key, name);
  return name;
}

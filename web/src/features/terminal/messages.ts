// Messages between the page and the terminal's iframe.

export interface Look {
  background: string;
  foreground: string;
  selection: string;
  fontSize: number;
  /** Background where the terminal asks for black or white. */
  dark: boolean;
}

export type TerminalKey = "escape" | "tab" | "up" | "down" | "left" | "right";

export type ToFrame = { type: "data"; bytes: Uint8Array } | { type: "look"; look: Look } | { type: "key"; key: TerminalKey } | { type: "focus" } | { type: "clear" };

export type FromFrame =
  | { type: "input"; text: string }
  | { type: "resize"; rows: number; columns: number }
  /** Shift+Esc: return the focus to the page. */
  | { type: "leave" };

/** Whether data from the iframe is a valid message; the iframe is not trusted. */
export function fromFrame(data: unknown): FromFrame | null {
  if (typeof data !== "object" || data === null) return null;
  const { type, text, rows, columns } = data as Record<string, unknown>;
  if (type === "leave") return { type };
  if (type === "input" && typeof text === "string") return { type, text };
  if (type === "resize" && isEdge(rows) && isEdge(columns)) return { type, rows, columns };
  return null;
}

function isEdge(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1_000;
}

const PIECE_CHARS = 16_000; // per message to the service, which accepts 64 KiB of UTF-8

/** A text in pieces that fit into one message each; no character is split. */
export function pieces(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + PIECE_CHARS);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    found.push(text.slice(at, end));
    at = end;
  }
  return found;
}

/** A text as it is typed with Ctrl: letters and @ [ \\ ] ^ _ become control characters, anything else stays. */
export function withCtrl(text: string): string {
  return /^[@-_a-z]$/.test(text) ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 31) : text;
}

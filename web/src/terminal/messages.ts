// What the page and the frame that draws a terminal say to one another.

export interface Look {
  background: string;
  foreground: string;
  selection: string;
  fontSize: number;
  /** Ground behind the text where the terminal asks for black or white. */
  dark: boolean;
}

export type ToFrame = { type: "data"; bytes: Uint8Array } | { type: "look"; look: Look } | { type: "focus" } | { type: "clear" };

export type FromFrame =
  | { type: "input"; text: string }
  | { type: "resize"; rows: number; columns: number }
  /** The person wants to get out with the keyboard. */
  | { type: "leave" };

/** Whether something that came from a frame is a message of it: the frame is not trusted with more than it says. */
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

const PIECE_CHARS = 16_000; // of one message to the service, which takes 64 KiB of UTF-8

/** A text in pieces that no message is too small for; no character is cut in two. */
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

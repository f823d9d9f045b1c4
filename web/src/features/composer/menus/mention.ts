// A file mention ("@...") before the cursor.

export interface Mention {
  /** Index of the "@", and the end of the letters. */
  from: number;
  to: number;
  letters: string;
}

/** The mention at the cursor, null if there is none. A mail address is none. */
export function mentionAt(text: string, cursor: number): Mention | null {
  const found = /(?:^|[\s("'`])@([^\s@]{0,200})$/.exec(text.slice(0, cursor));
  const letters = found?.[1];
  return letters === undefined ? null : { from: cursor - letters.length - 1, to: cursor, letters };
}

/** The text with the path in place of the mention, and the new cursor position. */
export function withPath(text: string, mention: Mention, path: string): { text: string; cursor: number } {
  const named = /\s/.test(path) ? `\`${path}\`` : path;
  const rest = text.slice(mention.to);
  const before = `${text.slice(0, mention.from)}${named}${/^\s/.test(rest) ? "" : " "}`;
  return { text: before + rest, cursor: before.length };
}

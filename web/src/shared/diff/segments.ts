// Cuts a line of code at the boundaries of its colours and changed words.

/** Characters of one colour; `className` is "" for none. */
export interface Token {
  text: string;
  className: string;
}

export interface Segment extends Token {
  marked: boolean;
}

interface Node {
  type: string;
  value?: string;
  properties?: { className?: unknown };
  children?: Node[];
}

/** The lines of a highlighted text (hast) as runs of one colour. */
export function tokenLines(root: Node): Token[][] {
  const lines: Token[][] = [[]];
  const visit = (node: Node, className: string) => {
    if (node.type === "text") {
      (node.value ?? "").split("\n").forEach((text, index) => {
        if (index > 0) lines.push([]);
        if (text) lines.at(-1)?.push({ text, className });
      });
      return;
    }
    const own = Array.isArray(node.properties?.className) ? node.properties.className.join(" ") : className;
    for (const child of node.children ?? []) visit(child, own);
  };
  visit(root, "");
  return lines;
}

/** @param spans changed ranges, (start, end) in code points of `text`. */
export function segments(text: string, spans: readonly (readonly [number, number])[], tokens: readonly Token[] | undefined): Segment[] {
  const whole = tokens?.map((token) => token.text).join("") === text ? (tokens ?? []) : [{ text, className: "" }];
  if (spans.length === 0) return whole.map((token) => ({ ...token, marked: false }));
  const found: Segment[] = [];
  let at = 0;
  for (const token of whole) {
    const points = Array.from(token.text);
    const end = at + points.length;
    const cuts = [at, ...spans.flat().filter((cut) => cut > at && cut < end), end];
    for (let index = 0; index + 1 < cuts.length; index++) {
      const [from, to] = [cuts[index] ?? at, cuts[index + 1] ?? end];
      const marked = spans.some(([begin, behind]) => from >= begin && to <= behind);
      found.push({ text: points.slice(from - at, to - at).join(""), className: token.className, marked });
    }
    at = end;
  }
  return found.filter((one) => one.text !== "");
}

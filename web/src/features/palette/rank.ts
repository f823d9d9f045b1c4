// Ranks an entry against what is typed. Every word must match: fuzzy matching of scattered letters runs the wrong
// command.

/** Keyword of unavailable commands; they rank after all others. */
export const NOT_NOW = "(not now)";

/**
 * From 0 (hidden) to 1.
 *
 * @param value its name; text after a line feed only makes it unique.
 */
export function rank(value: string, typed: string, more: readonly string[] = []): number {
  const [text = ""] = value.toLowerCase().split("\n", 1);
  const others = more.join(" ").toLowerCase();
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const scores = words.map((word) => scoreOf(word, text, others));
  const worst = Math.min(1, ...scores);
  return more.includes(NOT_NOW) ? worst / 10 : worst;
}

function scoreOf(word: string, name: string, others: string): number {
  const place = name.indexOf(word);
  if (place === 0) return 1;
  if (place > 0) return /\W/.test(name[place - 1] ?? "") ? 0.9 : 0.5;
  return others.includes(word) ? 0.4 : 0;
}

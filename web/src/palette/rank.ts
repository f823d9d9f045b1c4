// How well something fits what is typed. Pure. Every word must be there: a guess at scattered letters runs the wrong
// command.

/** Among the words of what cannot be done now: it comes after all that can. */
export const NOT_NOW = "(not now)";

/**
 * Between 0, which hides it, and 1.
 *
 * @param value its name; what comes after a line feed only tells it from others of that name.
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

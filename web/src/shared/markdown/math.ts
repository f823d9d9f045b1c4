// Finds formulas in an agent's text. A dollar sign alone is money.

// $...$ as pandoc reads it (no space inside, no digit after), and only with something that prose does not have.
const INLINE = /(?<![\w$\\])\$(?=[^\s$])[^$\n]*?[\\^_={}][^$\n]*?(?<=[^\s\\])\$(?![\w$])/;
const DISPLAY = /\$\$[^$]+\$\$/;
const LATEX = /\\\(.+?\\\)|\\\[[\s\S]+?\\\]/;

/** Whether a block of markdown has a formula. */
export function hasMath(text: string): boolean {
  return (text.includes("$") && (DISPLAY.test(text) || INLINE.test(text))) || (text.includes("\\") && LATEX.test(text));
}

const PIECES = new RegExp(String.raw`(${"`"}+)[\s\S]*?\1|\\\((.+?)\\\)|\\\[([\s\S]+?)\\\]|\$\$[^$]+\$\$|${INLINE.source}|\\?\$`, "g");

/** The same for the parser: LaTeX's own delimiters become dollar signs, and those of money are escaped. Code stays. */
export function withDollars(text: string): string {
  return text.replace(PIECES, (all, _ticks, inline?: string, display?: string) => {
    if (inline !== undefined) return `$${inline}$`;
    if (display !== undefined) return `$$\n${display.trim()}\n$$`;
    return all === "$" ? "\\$" : all;
  });
}

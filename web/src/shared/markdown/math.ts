// Finds formulas in an agent's text. A dollar sign alone is money. Every expression takes time in proportion to the text.

const TEXT_MAX_CHARS = 20_000; // of a block; formulas in a longer one stay text
const FORMULA_MAX_CHARS = 2_000;
// What makes a macro of the formula's own: with one, a short formula grows without bound.
const DEFINITION = /\\(?:[egx]?def|let|futurelet|(?:re)?newcommand|providecommand|global|long)(?![a-zA-Z@])/;

// $...$ as pandoc reads it (no space inside, no digit after), and only with something that prose does not have.
const INLINE = /(?<![\w$\\])\$(?=[^\s$])(?=[^$\n]*[\\^_={}])[^$\n]{1,2000}(?<=[^\s\\])\$(?![\w$])/;
const DISPLAY = /\$\$[^$]+\$\$/;
const PARENTHESES = /\\\(((?:[^\\\n]|\\[^()\n])+)\\\)/;
const BRACKETS = /\\\[((?:[^\\]|\\[^[\]])+)\\\]/;
const CODE = new RegExp(String.raw`(?<!${"`"})(${"`"}{1,30})(?!${"`"})[\s\S]*?\1`);

/** Whether a block of markdown has a formula outside code. */
export function hasMath(text: string): boolean {
  if (text.length > TEXT_MAX_CHARS || !/[$\\]/.test(text)) return false;
  const prose = text.replace(ALL_CODE, "");
  return DISPLAY.test(prose) || INLINE.test(prose) || PARENTHESES.test(prose) || BRACKETS.test(prose);
}

const ALL_CODE = new RegExp(CODE.source, "g");
const PIECES = new RegExp(`${CODE.source}|${PARENTHESES.source}|${BRACKETS.source}|${DISPLAY.source}|${INLINE.source}|${String.raw`\\?\$`}`, "g");

/** The same for the parser: LaTeX's own delimiters become dollar signs, and those of money are escaped. Code stays. */
export function withDollars(text: string): string {
  return text.replace(PIECES, (all, _ticks, inline?: string, display?: string) => {
    if (inline !== undefined) return `$${inline}$`;
    if (display !== undefined) return `$$\n${display.trim()}\n$$`;
    return all === "$" ? "\\$" : all;
  });
}

/** Whether a formula can be drawn in a moment: it is short, and defines no macros. */
export function isModest(formula: string): boolean {
  return formula.length <= FORMULA_MAX_CHARS && !DEFINITION.test(formula);
}

/** What is used of a node of parsed markdown. */
interface Node {
  type: string;
  lang?: string | null;
  value?: string;
  data?: unknown;
  children?: Node[];
}

/** A remark plugin, after remark-math: formulas that could hold the page up stay code. */
export function remarkModestMath() {
  return (root: Node) => {
    for (const open = [root]; open.length; ) {
      const node = open.pop() as Node;
      const block = node.type === "math" || (node.type === "code" && node.lang === "math");
      if ((block || node.type === "inlineMath") && !isModest(node.value ?? "")) {
        Object.assign(node, block ? { type: "code", lang: "latex", data: undefined } : { type: "inlineCode", data: undefined });
      }
      open.push(...(node.children ?? []));
    }
  };
}

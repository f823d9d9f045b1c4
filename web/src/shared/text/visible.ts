// Makes characters visible that hide or reorder text: bidi controls, zero-width characters, terminal codes.

const NAMES: Record<string, string> = {
  "\u200b": "ZWSP",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u061c": "ALM",
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
  "\u2060": "WJ",
  "\ufeff": "BOM",
};
// Zero-width joiners stay: emoji and several scripts are written with them.
const HIDDEN = /[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\u2060\ufeff\u{e0000}-\u{e007f}]/gu;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The text with every hidden or control character spelled out. Tabs and line feeds stay. */
export function visible(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(HIDDEN, (found) => `\u27e8${NAMES[found] ?? "tag"}\u27e9`)
    .replace(CONTROL, (found) => {
      const code = found.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
    });
}

// Terminal output as coloured spans. Cursor moves and other codes are dropped; a carriage return restarts its line,
// as progress bars intend. Linear in the input.

interface Span {
  text: string;
  /** Class names: fg-0 .. fg-15, bg-0 .. bg-15, bold, dim, italic, underline, inverse. */
  classes: string;
}

interface Style {
  fg: number | null;
  bg: number | null;
  flags: ReadonlySet<string>;
}

const PLAIN: Style = { fg: null, bg: null, flags: new Set() };
// CSI; OSC/DCS/APC/PM/SOS strings to their end; two-byte escapes.
// eslint-disable-next-line no-control-regex
const CODES = /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b[\]PX^_](?:[^\u0007\u001b]|\u001b(?!\\))*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|\u009b([0-?]*)[ -/]*([@-~])/g;
const FLAGS: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse" };

export function spansOf(raw: string): Span[] {
  const spans: Span[] = [];
  let style = PLAIN;
  let at = 0;
  for (const found of raw.matchAll(CODES)) {
    push(spans, raw.slice(at, found.index), style);
    if ((found[2] ?? found[4]) === "m") style = restyled(style, found[1] ?? found[3] ?? "");
    at = found.index + found[0].length;
  }
  push(spans, raw.slice(at), style);
  return overwritten(spans);
}

function restyled(style: Style, codes: string): Style {
  let { fg, bg } = style;
  const flags = new Set(style.flags);
  const numbers = codes.split(/[;:]/).map((one) => Number(one) || 0);
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0;
    if (code === 0) {
      fg = bg = null;
      flags.clear();
    } else if (FLAGS[code]) flags.add(FLAGS[code]);
    else if (code === 22) ["bold", "dim"].forEach((one) => flags.delete(one));
    else if (code >= 23 && code <= 27) flags.delete(FLAGS[code - 20] ?? "");
    else if (code >= 30 && code <= 37) fg = code - 30;
    else if (code >= 90 && code <= 97) fg = code - 82;
    else if (code === 39) fg = null;
    else if (code >= 40 && code <= 47) bg = code - 40;
    else if (code >= 100 && code <= 107) bg = code - 92;
    else if (code === 49) bg = null;
    else if (code === 38 || code === 48) {
      const short = numbers[at + 1] === 5;
      const value = short ? numbers[at + 2] : undefined;
      if (value !== undefined && value < 16 && code === 38) fg = value;
      else if (value !== undefined && value < 16) bg = value;
      at += short ? 2 : 4; // only the sixteen named colours are shown, no 256-colour or true colour
    }
  }
  return { fg, bg, flags };
}

function push(spans: Span[], text: string, { fg, bg, flags }: Style): void {
  if (!text) return;
  const classes = [fg === null ? "" : `fg-${fg}`, bg === null ? "" : `bg-${bg}`, ...flags].filter(Boolean).join(" ");
  spans.push({ text, classes });
}

/** Apply carriage returns and backspaces within each line, as a terminal does. */
function overwritten(spans: Span[]): Span[] {
  const out: Span[] = [];
  let line: Span[] = [];
  let back = false; // after a carriage return: following text overwrites the line
  for (const span of spans) {
    for (const piece of span.text.replace(/\r+\n/g, "\n").split(/([\r\n\b])/)) {
      if (piece === "\n") {
        out.push(...line, { text: "\n", classes: "" });
        line = [];
        back = false;
      } else if (piece === "\r") back = true;
      else if (piece === "\b") line = shortened(line);
      else if (piece) {
        if (back) line = [];
        back = false;
        line.push({ text: piece, classes: span.classes });
      }
    }
  }
  return joined([...out, ...line]);
}

function shortened(line: Span[]): Span[] {
  const last = line.at(-1);
  if (!last) return line;
  return last.text.length > 1 ? [...line.slice(0, -1), { ...last, text: last.text.slice(0, -1) }] : line.slice(0, -1);
}

function joined(spans: Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last && last.classes === span.classes) last.text += span.text;
    else out.push({ ...span });
  }
  return out;
}

// Changed words of a hunk, by the rules of the service's review, for diffs that come without them. The work is bounded.
import type { DiffLine } from "../api/generated";

const NEAR_LINES = 2; // edits separated by at most this many unchanged lines are compared together
const MAX_CHARS = 20_000; // of both sides; beyond it whole lines are marked
const MAX_EDITS = 300; // words removed and added; beyond it whole lines are marked
const SAME_MIN_SHARE = 0.3; // of the shorter side's characters; below it, marked words are harder to read than whole lines

const CJK = "\\u1100-\\u11ff\\u2e80-\\u9fff\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff\\uff66-\\uff9f\\u{20000}-\\u{3ffff}";
const TOKEN = new RegExp(`\\n|[^\\S\\n]+|[${CJK}]|(?:(?![${CJK}])[\\p{L}\\p{N}\\p{M}_])+|.`, "gsu");

type Pair = readonly [number, number];
type Spans = DiffLine["spans"];

/** The lines with their changed words in `spans`. */
export function withWords(lines: readonly DiffLine[]): DiffLine[] {
  return groups(lines).flatMap((group) => {
    const marks = compared(group);
    return marks ? group.map((line) => (line.kind === "context" ? line : { ...line, spans: marks.get(line) ?? [] })) : group;
  });
}

/** Groups of nearby edits, each with the unchanged lines after it; the leading unchanged lines come first. */
function groups(lines: readonly DiffLine[]): DiffLine[][] {
  const found: DiffLine[][] = [];
  let here: DiffLine[] = [];
  let edited = -1; // index of the last edit
  lines.forEach((line, at) => {
    if (line.kind !== "context") {
      if (edited < 0 || at - edited > NEAR_LINES + 1) {
        found.push(here);
        here = [];
      }
      edited = at;
    }
    here.push(line);
  });
  return [...found, here];
}

/** The changed words of a group's lines; null where they carry no information. */
function compared(lines: readonly DiffLine[]): Map<DiffLine, Spans> | null {
  const group = lines.slice(0, lines.findLastIndex((line) => line.kind !== "context") + 1);
  const sides = [group.filter((line) => line.kind !== "added"), group.filter((line) => line.kind !== "removed")] as const;
  if (!group.some((line) => line.kind === "removed") || !group.some((line) => line.kind === "added")) return null;
  const [left, right] = [textOf(sides[0]), textOf(sides[1])];
  if (left.length + right.length > MAX_CHARS) return null;
  const [one, two] = [left.match(TOKEN) ?? [], right.match(TOKEN) ?? []];
  const pairs = common(one, two, MAX_EDITS);
  if (!pairs) return null;
  const same = weight(pairs.map(([place]) => one[place] ?? ""));
  if (same < SAME_MIN_SHARE * Math.min(weight(one), weight(two))) return null;
  const kept = withoutLoneBlanks(one, pairs);
  const old = spansOf(sides[0], one, new Set(kept.map(([place]) => place)));
  return new Map([...old, ...spansOf(sides[1], two, new Set(kept.map(([, place]) => place)))]);
}

function textOf(lines: readonly DiffLine[]): string {
  return lines.map((line) => `${line.text}\n`).join("");
}

function weight(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + (token.trim() ? token.length : 0), 0);
}

/** A blank between two changed words counts as changed, so that they are marked together. */
function withoutLoneBlanks(tokens: readonly string[], pairs: readonly Pair[]): Pair[] {
  const known = new Set(pairs.map(([one, two]) => `${one} ${two}`));
  return pairs.filter(([one, two]) => {
    const token = tokens[one] ?? "";
    return token === "\n" || token.trim() !== "" || known.has(`${one - 1} ${two - 1}`) || known.has(`${one + 1} ${two + 1}`);
  });
}

/** Ranges, in code points, of the tokens of each line that are not kept. */
function spansOf(lines: readonly DiffLine[], tokens: readonly string[], kept: ReadonlySet<number>): Map<DiffLine, Spans> {
  const found = new Map<DiffLine, Spans>();
  let [line, at] = [0, 0];
  let spans: [number, number][] = [];
  tokens.forEach((token, place) => {
    if (token === "\n") {
      const whole = lines[line++];
      if (whole) found.set(whole, spans);
      [spans, at] = [[], 0];
      return;
    }
    const end = at + Array.from(token).length;
    const last = spans.at(-1);
    if (!kept.has(place)) {
      if (last && last[1] === at) last[1] = end;
      else spans.push([at, end]);
    }
    at = end;
  });
  return found;
}

/** Index pairs of a longest common subsequence (Myers, "An O(ND) Difference Algorithm", 1986); null beyond `most` edits. */
export function common(one: readonly string[], two: readonly string[], most: number): Pair[] | null {
  let head = 0;
  while (head < Math.min(one.length, two.length) && one[head] === two[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(one.length, two.length) - head && one[one.length - 1 - tail] === two[two.length - 1 - tail]) tail += 1;
  const middle = trace(one.slice(head, one.length - tail), two.slice(head, two.length - tail), most);
  if (!middle) return null;
  const pairs: Pair[] = Array.from({ length: head }, (_, at) => [at, at]);
  for (const [left, right] of middle) pairs.push([left + head, right + head]);
  for (let back = tail; back > 0; back--) pairs.push([one.length - back, two.length - back]);
  return pairs;
}

/** The furthest reach of each diagonal per number of edits, until one reaches the end; then the way back. */
function trace(one: readonly string[], two: readonly string[], most: number): Pair[] | null {
  const steps: Map<number, number>[] = [];
  let reached = new Map([[1, 0]]);
  for (let edits = 0; edits <= most; edits++) {
    steps.push(reached);
    reached = new Map(reached);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let at = Math.max(...entries(reached, diagonal, one.length, two.length));
      if (at < 0) {
        reached.delete(diagonal);
        continue;
      }
      while (at < one.length && at - diagonal < two.length && one[at] === two[at - diagonal]) at += 1;
      reached.set(diagonal, at);
      if (at === one.length && at - diagonal === two.length) return walkedBack(steps, one.length, two.length);
    }
  }
  return null;
}

/** Where a diagonal is entered, by a token of `two` and by one of `one`; -1 outside of the grid. */
function entries(reached: ReadonlyMap<number, number>, diagonal: number, one: number, two: number): [number, number] {
  const down = reached.get(diagonal + 1) ?? -1;
  const right = (reached.get(diagonal - 1) ?? -2) + 1;
  return [down - diagonal > two ? -1 : down, right > one ? -1 : right];
}

function walkedBack(steps: readonly ReadonlyMap<number, number>[], one: number, two: number): Pair[] {
  const pairs: Pair[] = [];
  let [left, right] = [one, two];
  for (const reached of [...steps].reverse()) {
    const [down, across] = entries(reached, left - right, one, two);
    const entered = Math.max(down, across);
    while (left > entered) pairs.push([--left, --right]);
    if (down >= across) right -= 1;
    else left -= 1;
  }
  return pairs.reverse();
}

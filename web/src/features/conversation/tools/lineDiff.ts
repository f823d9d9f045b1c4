// Which lines of two short texts differ: the longest common subsequence (Myers' greedy O(ND) algorithm, 1986), bounded.
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

const EDITS_MAX = 1_500; // beyond it, all lines show as replaced

export function lineDiff(oldText: string, newText: string): DiffLine[] {
  const a = split(oldText);
  const b = split(newText);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

function split(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

const same = (text: string): DiffLine => ({ kind: "same", text });

function between(a: string[], b: string[]): DiffLine[] {
  const trace = search(a, b);
  if (!trace) return [...a.map((text) => ({ kind: "removed", text }) as const), ...b.map((text) => ({ kind: "added", text }) as const)];
  const out: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const ends = trace[edits] as Map<number, number>;
    const k = x - y;
    const down = k === -edits || (k !== edits && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const before = down ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : (ends.get(before) ?? 0);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY && a[x - 1] === b[y - 1]) {
      out.push(same(a[--x] as string));
      y--;
    }
    if (edits > 0) out.push(down ? { kind: "added", text: b[--y] as string } : { kind: "removed", text: a[--x] as string });
  }
  return out.reverse();
}

/** The furthest reach of each diagonal before each edit; null if too many edits are needed. */
function search(a: string[], b: string[]): Map<number, number>[] | null {
  const ends = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(a.length + b.length, EDITS_MAX); edits++) {
    trace.push(new Map(ends));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = down ? (ends.get(k + 1) ?? 0) : (ends.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++;
        y++;
      }
      ends.set(k, x);
      if (x >= a.length && y >= b.length) return trace;
    }
  }
  return null;
}

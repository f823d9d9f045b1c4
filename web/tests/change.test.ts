import { expect, test } from "vitest";
import type { FileUnitsOut, LineOut, ReviewFileOut, ReviewOut, UnitOut } from "../src/api/generated";
import { decidedFile, decidedPage, summed } from "../src/change/optimistic";
import { inlineRows, isLine, splitRows } from "../src/change/rows";
import { segments, tokenLines } from "../src/change/segments";

function line(kind: LineOut["kind"], old: number | null, now: number | null, text = ""): LineOut {
  return { kind, old, new: now, text, end: "lf", utf8: true, spans: [], left_out: 0 };
}

function unit(id: string, state: UnitOut["state"], reopened: UnitOut["reopened"] = null): UnitOut {
  return { id, kind: "hunk", state, reopened, old_start: 1, old_count: 1, new_start: 1, new_count: 1, lines: [] };
}

const FILE = { path: "a", units: 3, accepted: 0, rejected: 1, open: 2, reopened: 1 } as ReviewFileOut;

test("a verdict on one part moves one count, also where the part comes on two pages", () => {
  const known = [unit("1", "open", "accepted"), unit("1", "open", "accepted"), unit("2", "open")];
  const after = decidedFile(FILE, known, { units: ["1"], verdict: "accepted" });
  expect(after).toMatchObject({ accepted: 1, rejected: 1, open: 1, reopened: 0 });
  expect(decidedFile(FILE, known, { units: ["9"], verdict: "accepted" })).toBe(FILE);
});

test("a verdict on a file or on all decides parts that are not loaded", () => {
  expect(decidedFile(FILE, [], { paths: ["a"], verdict: "rejected" })).toMatchObject({ accepted: 0, rejected: 3, open: 0, reopened: 0 });
  expect(decidedFile(FILE, [], { paths: ["b"], verdict: "rejected" })).toBe(FILE);
  const all = decidedFile(FILE, [], { all: true, verdict: "open" });
  expect(summed({ accepted: 9 } as ReviewOut, [all, all])).toMatchObject({ accepted: 0, open: 6, rejected: 0, reopened: 0 });
});

test("a page shows the verdict of its parts only", () => {
  const page = { file: FILE, units: [unit("1", "open"), unit("2", "open", "rejected")], next: null } as FileUnitsOut;
  const after = decidedPage(page, { units: ["2"], verdict: "accepted" });
  expect(after.units.map((one) => [one.state, one.reopened])).toEqual([["open", null], ["accepted", null]]);
});

test("side by side, removed lines stand beside the added ones that follow", () => {
  const lines = [line("context", 1, 1), line("removed", 2, null), line("removed", 3, null), line("added", null, 2), line("removed", 4, null)];
  const numbers = splitRows(lines).map(({ left, right }) => [left?.old ?? null, right?.new ?? null]);
  expect(numbers).toEqual([[1, 1], [2, 2], [3, null], [4, null]]);
  expect(inlineRows(lines)).toHaveLength(5);
});

test("a comment finds its line by side and number", () => {
  expect(isLine(line("removed", 2, null), "old", 2)).toBe(true);
  expect(isLine(line("removed", 2, null), "new", 2)).toBe(false);
  expect(isLine(line("context", 2, 5), "new", 5)).toBe(true);
  expect(isLine(line("added", null, 5), "old", 5)).toBe(false);
  expect(isLine(null, "new", 5)).toBe(false);
});

test("coloured code is cut into its lines", () => {
  const tree = { type: "root", children: [{ type: "element", properties: { className: ["k"] }, children: [{ type: "text", value: "a\nb" }] }, { type: "text", value: " c\n" }] };
  expect(tokenLines(tree)).toEqual([[{ text: "a", className: "k" }], [{ text: "b", className: "k" }, { text: " c", className: "" }], []]);
});

test("changed words and colours cut a line together, by code points", () => {
  const tokens = [{ text: "😀ab", className: "k" }, { text: "cd", className: "" }];
  const cut = segments("😀abcd", [[1, 4]], tokens);
  expect(cut.map((one) => [one.text, one.className, one.marked])).toEqual([["😀", "k", false], ["ab", "k", true], ["c", "", true], ["d", "", false]]);
  expect(segments("other", [], tokens)).toEqual([{ text: "other", className: "", marked: false }]);
});

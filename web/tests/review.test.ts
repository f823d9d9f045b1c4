import { expect, test } from "vitest";
import type { FileUnits, DiffLine, ReviewedFile, ReviewSummary, ReviewUnit } from "../src/shared/api/generated";
import { decidedFile, decidedPage, summed } from "../src/shared/review/optimistic";
import { inlineRows, isLine, splitRows } from "../src/shared/diff/rows";
import { keyOf, named, toggled } from "../src/shared/diff/lineSelection";
import { asLines, isEditable, newText } from "../src/features/review/unitText";
import { segments, tokenLines } from "../src/shared/diff/segments";

function line(kind: DiffLine["kind"], old: number | null, now: number | null, text = ""): DiffLine {
  return { kind, old, new: now, text, end: "lf", utf8: true, spans: [], left_out: 0 };
}

function unit(id: string, state: ReviewUnit["state"], reopened: ReviewUnit["reopened"] = null): ReviewUnit {
  return { id, kind: "hunk", state, reopened, old_start: 1, old_count: 1, new_start: 1, new_count: 1, lines: [], splittable: false, part_of: null, edited: null, rest: null };
}

const FILE = { path: "a", units: 3, accepted: 0, rejected: 1, open: 2, reopened: 1 } as ReviewedFile;

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
  expect(summed({ accepted: 9 } as ReviewSummary, [all, all])).toMatchObject({ accepted: 0, open: 6, rejected: 0, reopened: 0 });
});

test("a page shows the verdict of its parts only", () => {
  const page = { file: FILE, units: [unit("1", "open"), unit("2", "open", "rejected")], next: null } as FileUnits;
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

test("lines are selected one by one and as a range, and unchanged ones are not", () => {
  const lines = [line("removed", 3, null), line("context", 4, 3), line("added", null, 4), line("added", null, 5)];
  const [first, same, second, third] = lines as [DiffLine, DiffLine, DiffLine, DiffLine];
  const one = toggled(lines, new Set(), first, null);
  const all = toggled(lines, one, third, first);
  expect([...all]).toEqual(["old3", "new4", "new5"]);
  expect([...toggled(lines, all, second, null)]).toEqual(["old3", "new5"]);
  expect([named(first), named(same), keyOf(third)]).toEqual([{ side: "old", first: 3 }, null, "new5"]);
});

test("the new lines of a part are a text, and only if all of it is loaded", () => {
  const lines = [line("context", 2, 2, "above"), line("removed", 3, null, "old"), line("added", null, 3, "new"), line("added", null, 4, "more")];
  const part: ReviewUnit = { ...unit("1", "open"), old_start: 3, old_count: 1, new_start: 3, new_count: 2, lines };
  expect([newText(part), isEditable(part)]).toEqual(["new\nmore\n", true]);
  expect(isEditable({ ...part, lines: lines.slice(0, 3) })).toBe(false);
  expect(asLines("a\nb").map((one) => [one.text, one.end])).toEqual([["a", "lf"], ["b", "none"]]);
});

import { expect, test } from "vitest";
import type { DiffLine } from "../src/shared/api/generated";
import { common, withWords } from "../src/shared/diff/wordDiff";

function line(kind: DiffLine["kind"], text: string): DiffLine {
  return { kind, old: null, new: null, text, end: "lf", utf8: true, spans: [], left_out: 0 };
}

const hunk = (...lines: string[]) => lines.map((text) => line(({ "-": "removed", "+": "added" } as const)[text[0] ?? ""] ?? "context", text.slice(1)));
const marked = (...lines: string[]) => withWords(hunk(...lines)).map((one) => one.spans.map(([first, end]) => Array.from(one.text).slice(first, end).join("")));

test.each([
  ["def f(a, b):", "def f(a, long_name):", ["b"], ["long_name"]],
  ["total = price * count", "total = price * count + tax", [], [" + tax"]],
  ["日本語のテスト", "日本誤のテスト", ["語"], ["誤"]],
  ["x = 'café 😀 y'", "x = 'café 😀 z'", ["y"], ["z"]],
  ["one two three four five six", "one two 3 4 five six", ["three four"], ["3 4"]],
])("changed words of %s", (old, now, gone, come) => {
  expect(marked(`-${old}`, `+${now}`)).toEqual([gone, come]);
});

test("lines are compared over all edits that stand near each other", () => {
  expect(marked("-first line stays", "-second line", "+first line stays", "+new line here now", "+second line")).toEqual([[], [], [], ["new line here now"], []]);
  expect(marked(" before", "-return value(one)", " between", "+return value(two)", " after")).toEqual([[], ["one"], [], ["two"], []]);
});

test("edits far from each other are compared alone", () => {
  expect(marked("-keep a", "+keep b", " 1", " 2", " 3", "-hold c", "+hold d")).toEqual([["a"], ["b"], [], [], [], ["c"], ["d"]]);
});

test("whole lines stay where words say nothing", () => {
  expect(marked("-entirely different words", "+nothing(in) = common;")).toEqual([[], []]);
  expect(marked("-entirely different words", "+nothing(in) = common;", " but much", " of the same", " stands behind")).toEqual([[], [], [], [], []]);
  expect(marked("+only added", "+lines")).toEqual([[], []]);
  expect(marked(`-${"a ".repeat(20_000)}`, "+b b b")).toEqual([[], []]);
  const many = (name: string) => Array.from({ length: 400 }, (_, at) => `${name}${at}`).join(" ");
  expect(marked(`-${many("")}`, `+${many("x")}`)).toEqual([[], []]);
});

test("what lies between and around edits is as it was", () => {
  const lines = hunk(" one", "-two", "+three", " four");
  const found = withWords(lines);
  expect(found.map((one) => one.text)).toEqual(["one", "two", "three", "four"]);
  expect([found[0], found[3]]).toEqual([lines[0], lines[3]]);
  expect(withWords([])).toEqual([]);
});

test("a longest common subsequence is found", () => {
  const letters = (text: string) => Array.from(text);
  const length = (one: string, two: string) => common(letters(one), letters(two), 99)?.length;
  expect(length("abcabba", "cbabac")).toBe(4);
  expect(length("", "abc")).toBe(0);
  expect(length("abc", "abc")).toBe(3);
  expect(common(letters("abcdef"), letters("uvwxyz"), 5)).toBeNull();
});

import { expect, test } from "vitest";
import { lineDiff } from "../src/features/conversation/tools/lineDiff";
import { blocksOf } from "../src/shared/markdown/blocks";
import { piecesOf } from "../src/shared/markdown/pieces";
import { spansOf } from "../src/shared/text/ansi";
import { visible } from "../src/shared/text/visible";

test("blocks joined are the text, and a fence is one block", () => {
  const text = "# a\n\npara\nmore\n\n```js\na\n\nb\n```\n\n- x\n\n- y\n\n  z\n\nend\n";
  expect(blocksOf(text).join("\n")).toBe(text);
  expect(blocksOf(text)).toContain("```js\na\n\nb\n```\n");
  expect(blocksOf(text)).toContain("- x\n\n- y\n\n  z\n");
});

test("a growing text changes its last block only", () => {
  const text = "one\n\ntwo\n\n```\ncode\n\nmore\n```\n\nthree";
  for (let end = 1; end < text.length; end++) {
    const now = blocksOf(text.slice(0, end));
    const next = blocksOf(text.slice(0, end + 1));
    expect(next.slice(0, now.length - 1)).toEqual(now.slice(0, -1));
  }
});

test("pieces of a long text stay as they are while it grows", () => {
  const text = Array.from({ length: 9_000 }, (_, at) => `w${at}`).join(" ");
  const half = piecesOf(text.slice(0, 20_000));
  expect(piecesOf(text).join("")).toBe(text);
  expect(piecesOf(text).slice(0, half.length - 1)).toEqual(half.slice(0, -1));
  expect(piecesOf("😀".repeat(5_000)).every((piece) => Array.from(piece).every((one) => one === "😀"))).toBe(true);
});

test("terminal codes colour or vanish", () => {
  expect(spansOf("\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\u001b[2J")).toEqual([
    { text: "red", classes: "fg-1" },
    { text: " plain", classes: "" },
  ]);
  expect(spansOf("10%\r50%\r100%\nok")).toEqual([{ text: "100%\nok", classes: "" }]);
  expect(spansOf("10%\r50%\r")).toEqual([{ text: "50%", classes: "" }]);
  expect(spansOf("a\r\nb")).toEqual([{ text: "a\nb", classes: "" }]);
});

test("hidden characters are named", () => {
  expect(visible("a\u202eb\u0000c\u200bd\te\n")).toBe("a⟨RLO⟩b␀c⟨ZWSP⟩d\te\n");
});

test("a line diff turns the old text into the new one", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 300; round++) {
    const line = () => "abc"[random(3)] as string;
    const a = Array.from({ length: random(12) }, line);
    const b = Array.from({ length: random(12) }, line);
    const lines = lineDiff(a.join("\n"), b.join("\n"));
    expect(lines.filter((one) => one.kind !== "added").map((one) => one.text)).toEqual(a);
    expect(lines.filter((one) => one.kind !== "removed").map((one) => one.text)).toEqual(b);
  }
});

import { expect, test } from "vitest";
import { fromFrame, pieces } from "../src/features/terminal/messages";

test("only messages of a terminal are taken from its frame", () => {
  expect(fromFrame({ type: "input", text: "ls\n", more: 1 })).toEqual({ type: "input", text: "ls\n" });
  expect(fromFrame({ type: "resize", rows: 24, columns: 80 })).toEqual({ type: "resize", rows: 24, columns: 80 });
  expect(fromFrame({ type: "leave" })).toEqual({ type: "leave" });
  for (const wrong of [null, "input", 5, {}, { type: "input" }, { type: "input", text: 1 }, { type: "resize", rows: 0, columns: 80 }, { type: "resize", rows: 1.5, columns: 80 }, { type: "data", bytes: "x" }]) {
    expect(fromFrame(wrong)).toBeNull();
  }
});

test("a large paste goes in pieces that are the whole, and no character is cut", () => {
  const text = "ab😀".repeat(20_000);
  const cut = pieces(text);
  expect(cut.join("")).toBe(text);
  expect(cut.length).toBeGreaterThan(4);
  for (const piece of cut) {
    expect(new TextEncoder().encode(JSON.stringify({ type: "input", text: piece })).length).toBeLessThan(65_536);
    expect(encodeURIComponent(piece)).toBeTruthy(); // throws at half a character
  }
  expect(pieces("")).toEqual([]);
});

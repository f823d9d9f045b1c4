import { expect, test } from "vitest";
import type { Frame } from "../src/api/generated";
import { countPoints, Fold, type Message } from "../src/stream/conversation";

const session_id = "s";
const started = (seq: number): Frame => ({ type: "message_started", session_id, seq, message_id: "m", chat_id: "c", task_id: "t", role: "assistant" });
const delta = (offset: number, text: string, seq?: number): Frame => ({ type: "delta", session_id, message_id: "m", part: 0, offset, text, seq });
const textOf = (fold: Fold): string => {
  const part = (fold.snapshot().items[0] as Message).parts[0];
  return part?.kind === "text" ? part.text : "";
};

test("text arrives once, however often it is sent", () => {
  const fold = new Fold();
  fold.take(started(1));
  for (const frame of [delta(0, "one "), delta(4, "two "), delta(0, "one two ", 2), delta(8, "three", 3), delta(4, "two three")]) fold.take(frame);
  expect(textOf(fold)).toBe("one two three");
});

test("offsets count code points", () => {
  const fold = new Fold();
  fold.take(started(1));
  fold.take(delta(0, "😀😀"));
  fold.take(delta(1, "😀b"));
  fold.take(delta(3, "c"));
  expect(countPoints("😀a")).toBe(2);
  expect(textOf(fold)).toBe("😀😀bc");
});

test("a gap is not filled with what comes behind it", () => {
  const fold = new Fold();
  fold.take(started(1));
  fold.take(delta(0, "a"));
  fold.take(delta(5, "z"));
  expect(textOf(fold)).toBe("a");
});

test("a snapshot keeps what did not change and never changes itself", () => {
  const fold = new Fold();
  fold.take(started(1));
  fold.take(delta(0, "a"));
  const first = fold.snapshot();
  fold.take(delta(1, "b"));
  const before = (first.items[0] as Message).parts[0];
  expect(before?.kind === "text" && before.text).toBe("a");
  expect(fold.snapshot().items[0]).not.toBe(first.items[0]);
  expect(fold.snapshot().items).toBe(fold.snapshot().items);
});

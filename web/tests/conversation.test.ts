import { expect, test } from "vitest";
import type { Frame } from "../src/shared/api/generated";
import type { Message } from "../src/shared/stream/conversation";
import { Fold } from "../src/shared/stream/fold";
import { countPoints } from "../src/shared/stream/textPart";

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

test("a message to the running turn waits, then stands where the agent got it", () => {
  const fold = new Fold();
  const steer = { type: "steer", session_id, steer_id: "x", task_id: "t", text: "use the other file", sent_by: "page" } as const;
  fold.take(started(1));
  fold.take({ ...steer, seq: 2, state: "reserved" });
  expect(fold.snapshot().steers.map((one) => one.text)).toEqual(["use the other file"]);
  fold.take({ ...steer, seq: 3, state: "delivered", message_id: "m", part: 4 });
  fold.take({ ...steer, seq: 4, state: "confirmed", message_id: "m", part: 4 });
  const parts = (fold.snapshot().items[0] as Message).parts;
  expect(parts.map((one) => [one.kind, one.part, one.kind === "steer" && one.frame.state])).toEqual([["steer", 4, "confirmed"]]);
  expect(fold.snapshot().steers).toEqual([]);
  fold.take({ ...steer, steer_id: "y", seq: 5, state: "reserved" });
  fold.take({ ...steer, steer_id: "y", seq: 6, state: "withdrawn" });
  expect(fold.snapshot().steers).toEqual([]);
});

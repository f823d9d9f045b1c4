// Notices that are counted, grouped and left out.
import { expect, test } from "vitest";
import type { NoticeFrame } from "../src/shared/api/generated";
import type { Part } from "../src/shared/stream/conversation";
import { counted, grouped } from "../src/features/conversation/noticeCounts";

const notice = (code: string, text: string, part = 0) => ({ code, text, part }) as NoticeFrame;
const part = (frame: NoticeFrame): Part => ({ kind: "notice", part: frame.part ?? 0, frame });

test("equal notices are one line, and so are all retries, whatever they say", () => {
  const lines = counted([notice("a", "x"), notice("model_retry", "after 1 s"), notice("a", "x"), notice("a", "y"), notice("model_retry", "after 2 s")]);
  expect(lines.map(({ notice: one, times }) => [one.text, times])).toEqual([
    ["x", 2],
    ["y", 1],
    ["after 2 s", 2],
  ]);
});

test("the usual beginning of a turn is left out, an unusual one is not", () => {
  const fresh = part(notice("session_fresh", "A new agent session was started."));
  expect(grouped([fresh, part(notice("session_warm", "open"))], true)).toEqual([]);
  expect(grouped([fresh], false)).toEqual([[fresh.kind === "notice" && fresh.frame]]);
});

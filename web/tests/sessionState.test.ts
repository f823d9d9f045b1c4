// The one word for what a session is doing: the most pressing thing first.
import { expect, test } from "vitest";
import type { SessionOut } from "../src/api/generated";
import { doing, SILENT_S, silence, silentWords } from "../src/sidebar/state";

const row = (fields: Partial<SessionOut>) =>
  doing({ open_requests: 0, running_task_id: null, pending_tasks: 0, last_task_state: null, pending_change_id: null, ...fields } as SessionOut);

test("what waits for a person comes first, and an end is named as it was", () => {
  const all = { open_requests: 1, running_task_id: "t", pending_tasks: 1, last_task_state: "failed", pending_change_id: "c" } as const;
  expect(row(all)).toBe("waiting");
  expect(row({ ...all, open_requests: 0 })).toBe("working");
  expect(row({ ...all, open_requests: 0, running_task_id: null })).toBe("queued");
  expect(row({ last_task_state: "failed", pending_change_id: "c" })).toBe("failed");
  expect(row({ last_task_state: "timed_out" })).toBe("failed");
  expect(row({ last_task_state: "interrupted", pending_change_id: "c" })).toBe("interrupted");
  expect(row({ last_task_state: "cancelled", pending_change_id: "c" })).toBe("review");
  expect(row({ last_task_state: "cancelled" })).toBe("stopped");
  expect(row({ last_task_state: "completed" })).toBe("done");
  expect(row({})).toBe("idle");
});

const BEGAN = 1_000_000;
const running = (fields: Partial<SessionOut> = {}) =>
  ({ running_task_id: "t", open_requests: 0, heard_at: new Date(BEGAN * 1000).toISOString(), ...fields }) as SessionOut;

test("a turn without a word for a minute is silent, and counts on", () => {
  expect(doing(running(), BEGAN + SILENT_S - 1)).toBe("working");
  expect(doing(running(), BEGAN + SILENT_S)).toBe("silent");
  expect(silence(running(), BEGAN + SILENT_S, BEGAN + 150)).toBe(150);
  expect(silence(running(), BEGAN + SILENT_S, BEGAN)).toBe(SILENT_S);
});

test("a row that is too old to know does not call a turn silent", () => {
  expect(silence(running(), BEGAN + 5, BEGAN + 600)).toBe(0);
});

test("who waits for a person, or does not run, is not silent", () => {
  expect(doing(running({ open_requests: 1 }), BEGAN + 600)).toBe("waiting");
  expect(silence(running({ open_requests: 1 }), BEGAN + 600, BEGAN + 600)).toBe(0);
  expect(silence(running({ running_task_id: null, heard_at: null }), BEGAN + 600, BEGAN + 600)).toBe(0);
});

test("silence is told in whole minutes", () => {
  expect(silentWords(60)).toBe("silent for 1 min");
  expect(silentWords(179)).toBe("silent for 2 min");
  expect(silentWords(7_300)).toBe("silent for 2 h");
});

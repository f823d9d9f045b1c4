// A session's status: the most urgent state wins.
import { expect, test } from "vitest";
import type { Session } from "../src/shared/api/generated";
import { sessionStatus, SILENT_AFTER_S, silentSeconds, silentLabel } from "../src/shared/session/status";

const row = (fields: Partial<Session>) =>
  sessionStatus({ open_requests: 0, running_task_id: null, pending_tasks: 0, last_task_state: null, pending_change_id: null, ...fields } as Session);

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
const running = (fields: Partial<Session> = {}) =>
  ({ running_task_id: "t", open_requests: 0, heard_at: new Date(BEGAN * 1000).toISOString(), ...fields }) as Session;

test("a turn without a word for a minute is silent, and counts on", () => {
  expect(sessionStatus(running(), BEGAN + SILENT_AFTER_S - 1)).toBe("working");
  expect(sessionStatus(running(), BEGAN + SILENT_AFTER_S)).toBe("silent");
  expect(silentSeconds(running(), BEGAN + SILENT_AFTER_S, BEGAN + 150)).toBe(150);
  expect(silentSeconds(running(), BEGAN + SILENT_AFTER_S, BEGAN)).toBe(SILENT_AFTER_S);
});

test("a row that is too old to know does not call a turn silent", () => {
  expect(silentSeconds(running(), BEGAN + 5, BEGAN + 600)).toBe(0);
});

test("who waits for a person, or does not run, is not silent", () => {
  expect(sessionStatus(running({ open_requests: 1 }), BEGAN + 600)).toBe("waiting");
  expect(silentSeconds(running({ open_requests: 1 }), BEGAN + 600, BEGAN + 600)).toBe(0);
  expect(silentSeconds(running({ running_task_id: null, heard_at: null }), BEGAN + 600, BEGAN + 600)).toBe(0);
});

test("silence is told in whole minutes", () => {
  expect(silentLabel(60)).toBe("silent for 1 min");
  expect(silentLabel(179)).toBe("silent for 2 min");
  expect(silentLabel(7_300)).toBe("silent for 2 h");
});

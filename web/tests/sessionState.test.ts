// The one word for what a session is doing: the most pressing thing first.
import { expect, test } from "vitest";
import type { SessionOut } from "../src/api/generated";
import { doing } from "../src/sidebar/state";

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

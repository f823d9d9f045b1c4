// When to notify: ends and requests, once, and not for the person's own actions.
import { expect, test } from "vitest";
import type { Session } from "../src/shared/api/generated";
import { eventsBetween } from "../src/features/notifications/sessionEvents";

const session = (fields: Partial<Session>): Session => ({
  id: "s",
  project_id: "p",
  host_id: null,
  title: "t",
  state: "open",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  start_from: null,
  start_dirty: false,
  pending_tasks: 0,
  running_task_id: null, heard_at: null,
  last_task_state: null,
  last_task_id: null,
  pending_change_id: null,
  additions: null,
  deletions: null,
  open_requests: 0,
  pinned: false, absent_host: null, unread: false,
  ...fields,
});
const running = session({ running_task_id: "t", last_task_state: "running" });
const told = (before: Session, now: Session) => eventsBetween([before], [now]).map((one) => one.what);

test("an ended turn is reported with its outcome", () => {
  expect(told(running, session({ last_task_state: "completed" }))).toEqual(["ended"]);
  expect(told(running, session({ last_task_state: "failed" }))).toEqual(["failed"]);
  expect(told(running, session({ last_task_state: "timed_out" }))).toEqual(["failed"]);
  expect(told(session({ pending_tasks: 1, last_task_state: "pending" }), session({ last_task_state: "completed" }))).toEqual(["ended"]);
});

test("a turn shorter than the refresh interval is reported by its task", () => {
  const then = session({ last_task_state: "completed" });
  const later = { ...then, last_task_id: "next" };
  expect(told(then, later)).toEqual(["ended"]);
  expect(told(then, { ...then, updated_at: "2026-01-01T00:00:01Z" })).toEqual([]);
  expect(told(then, { ...later, last_task_state: "cancelled" })).toEqual([]);
});

test("running, cancelled and new turns are not reported", () => {
  expect(told(running, running)).toEqual([]);
  expect(told(running, session({ pending_tasks: 1, last_task_state: "pending" }))).toEqual([]);
  expect(told(running, session({ last_task_state: "cancelled" }))).toEqual([]);
  expect(told(session({ last_task_state: "completed" }), session({ last_task_state: "completed", title: "other" }))).toEqual([]);
  expect(eventsBetween([], [session({ last_task_state: "completed", open_requests: 2 })])).toEqual([]);
});

test("each new request is reported", () => {
  const asks = { ...running, open_requests: 1 };
  expect(told(running, asks)).toEqual(["waits"]);
  expect(told(asks, asks)).toEqual([]);
  expect(told(asks, { ...asks, open_requests: 2 })).toEqual(["waits"]);
  expect(told(asks, running)).toEqual([]);
});

// Suggested sessions of the palette, and the next waiting one.
import { expect, test } from "vitest";
import type { Session } from "../src/shared/api/generated";
import { likely } from "../src/features/palette/suggestedSessions";
import { NOT_NOW, rank } from "../src/features/palette/rank";
import { nextWaitingSession } from "../src/features/palette/nextWaiting";

const session = (id: string, open_requests = 0, updated_at = "2026-01-01T00:00:00Z") => ({ id, open_requests, updated_at }) as Session;
const list = [session("a"), session("b", 1), session("c"), session("d", 2)];

test("the next that waits is looked for round the list", () => {
  expect(nextWaitingSession(list, "b", 1)?.id).toBe("d");
  expect(nextWaitingSession(list, "d", 1)?.id).toBe("b");
  expect(nextWaitingSession(list, "b", -1)?.id).toBe("d");
  expect(nextWaitingSession(list, "c", -1)?.id).toBe("b");
});

test("from a page that is no session, next is the first and previous the last", () => {
  expect(nextWaitingSession(list, null, 1)?.id).toBe("b");
  expect(nextWaitingSession(list, null, -1)?.id).toBe("d");
});

test("the session that is shown is not its own next", () => {
  expect(nextWaitingSession([session("a", 1), session("b")], "a", 1)).toBeNull();
  expect(nextWaitingSession([], null, -1)).toBeNull();
});

test("those that wait come first, then the newest, never the one that is shown", () => {
  const sessions = [session("old"), session("here", 1), session("new", 0, "2026-02-01T00:00:00Z"), session("asks", 1)];
  expect(likely(sessions, "here").map((one) => one.id)).toEqual(["asks", "new", "old"]);
  expect(sessions[0]?.id).toBe("old");
});

test("every word must be there, and what can be done now comes first", () => {
  expect(rank("Stop the turn", "stop")).toBe(1);
  expect(rank("Show the history of the files", "hist")).toBeGreaterThan(rank("Archive this session", "hi"));
  expect(rank("Rewind to before the last turn…", "rewind", ["rewind"])).toBeGreaterThan(0);
  expect(rank("Keyboard shortcuts", "keyboard theme")).toBe(0);
  expect(rank("Averylongtitle", "atl")).toBe(0);
  expect(rank("Number 5\n0a17", "17")).toBe(0);
  expect(rank("Stop the turn", "stop", [NOT_NOW])).toBeLessThan(rank("Nonstop", "stop"));
});

// Which sessions the palette offers, and where "next" leads.
import { expect, test } from "vitest";
import type { SessionOut } from "../src/api/generated";
import { likely } from "../src/palette/likely";
import { NOT_NOW, rank } from "../src/palette/rank";
import { otherWaiting } from "../src/palette/waiting";

const session = (id: string, open_requests = 0, updated_at = "2026-01-01T00:00:00Z") => ({ id, open_requests, updated_at }) as SessionOut;
const list = [session("a"), session("b", 1), session("c"), session("d", 2)];

test("the next that waits is looked for round the list", () => {
  expect(otherWaiting(list, "b", 1)?.id).toBe("d");
  expect(otherWaiting(list, "d", 1)?.id).toBe("b");
  expect(otherWaiting(list, "b", -1)?.id).toBe("d");
  expect(otherWaiting(list, "c", -1)?.id).toBe("b");
});

test("from a page that is no session, next is the first and previous the last", () => {
  expect(otherWaiting(list, null, 1)?.id).toBe("b");
  expect(otherWaiting(list, null, -1)?.id).toBe("d");
});

test("the session that is shown is not its own next", () => {
  expect(otherWaiting([session("a", 1), session("b")], "a", 1)).toBeNull();
  expect(otherWaiting([], null, -1)).toBeNull();
});

test("those that wait come first, then the newest, never the one that is shown", () => {
  const sessions = [session("old"), session("here", 1), session("new", 0, "2026-02-01T00:00:00Z"), session("asks", 1)];
  expect(likely(sessions, "here").map((one) => one.id)).toEqual(["asks", "new", "old"]);
  expect(sessions[0]?.id).toBe("old");
});

test("every word must be there, and what can be done now comes first", () => {
  expect(rank("Stop the turn", "stop")).toBe(1);
  expect(rank("Show the history of the files", "hist")).toBeGreaterThan(rank("Archive this session", "hi"));
  expect(rank("Go back to before the last turn…", "rewind", ["rewind"])).toBeGreaterThan(0);
  expect(rank("Keyboard shortcuts", "keyboard theme")).toBe(0);
  expect(rank("Averylongtitle", "atl")).toBe(0);
  expect(rank("Number 5\n0a17", "17")).toBe(0);
  expect(rank("Stop the turn", "stop", [NOT_NOW])).toBeLessThan(rank("Nonstop", "stop"));
});

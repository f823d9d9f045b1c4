// The rows of the session list.
import { expect, test } from "vitest";
import { type ListInput, listEntries } from "../src/features/sidebar/listEntries";
import type { Project, Session } from "../src/shared/api/generated";

const at = (minute: number) => new Date(minute * 60_000).toISOString();
const session = (id: string, project: string, minute: number) => ({ id, project_id: project, created_at: at(minute), updated_at: at(minute) }) as Session;
const project = (id: string, minute: number, archived = false) => ({ id, created_at: at(minute), archived_at: archived ? at(minute) : null }) as Project;
const BASE = { projects: [], empty: false, group: "project", order: "created", folded: [] } as const;
const keys = (sessions: Session[], projects: Project[], empty = true, more: Partial<ListInput> = {}) =>
  listEntries({ ...BASE, sessions, projects, empty, ...more }).map(({ key }) => key);

const SESSIONS = [session("b1", "b", 30), session("a1", "a", 20), session("b2", "b", 10)];
const PROJECTS = [project("a", 1), project("b", 2), project("new", 40), project("newer", 41), project("between", 25), project("old", 3)];

test("a project's sessions stand below it, the projects in the order of their newest session", () => {
  expect(keys(SESSIONS, PROJECTS, false)).toEqual(["b", "b1", "b2", "a", "a1"]);
});

test("a project without sessions stands where it was added, a new one at the top", () => {
  expect(keys(SESSIONS, PROJECTS)).toEqual(["newer", "new", "b", "b1", "b2", "between", "a", "a1", "old"]);
});

test("archived projects have no header, and a session's unknown project has one", () => {
  expect(keys([session("s", "gone", 1)], [project("kept", 1), project("away", 9, true)])).toEqual(["gone", "s", "kept"]);
});

test("without sessions every project is shown", () => {
  expect(keys([], [project("old", 1), project("new", 2)])).toEqual(["new", "old"]);
});

test("what waits and what is pinned stands above, once", () => {
  const [b1, a1, b2] = SESSIONS as [Session, Session, Session];
  const old = session("old1", "a", 1); // behind the loaded pages
  expect(keys(SESSIONS, PROJECTS, false, { waiting: [b2], pinned: [b2, a1, old] })).toEqual(["waiting", "b2", "pinned", "a1", "old1", "b", "b1"]);
  expect(b1.id).toBe("b1");
});

test("folded groups keep their header and count", () => {
  const entries = listEntries({ ...BASE, sessions: SESSIONS, folded: ["b"] });
  expect(entries.map(({ key }) => key)).toEqual(["b", "a", "a1"]);
  expect(entries[0]).toMatchObject({ folded: true, count: 2 });
});

test("groups by state begin with the most urgent one", () => {
  const states = [{ ...session("d", "a", 3), last_task_state: "completed" }, { ...session("f", "a", 2), last_task_state: "failed" }] as Session[];
  expect(keys(states, [], false, { group: "state" })).toEqual(["state failed", "f", "state done", "d"]);
});

test("groups by date are days, then months", () => {
  const now = new Date(2026, 10, 30, 12);
  const made = (id: string, ...date: [number, number, number]) => ({ ...session(id, "a", 0), created_at: new Date(...date, 9).toISOString() });
  const sessions = [made("t", 2026, 10, 30), made("y", 2026, 10, 29), made("w", 2026, 10, 26), made("m", 2026, 9, 2)];
  const titles = listEntries({ ...BASE, sessions, group: "date" }, now).filter((one) => one.kind === "group").map(({ title }) => title);
  expect(titles.slice(0, 3)).toEqual(["Today", "Yesterday", "Last 7 days"]);
  expect(titles[3]).toContain("2026");
});

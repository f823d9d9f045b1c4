// The rows of the session list.
import { expect, test } from "vitest";
import { listEntries } from "../src/features/sidebar/listEntries";
import type { Project, Session } from "../src/shared/api/generated";

const at = (minute: number) => new Date(minute * 60_000).toISOString();
const session = (id: string, project: string, minute: number) => ({ id, project_id: project, updated_at: at(minute) }) as Session;
const project = (id: string, minute: number, archived = false) => ({ id, created_at: at(minute), archived_at: archived ? at(minute) : null }) as Project;
const keys = (sessions: Session[], projects: Project[], empty = true) => listEntries(sessions, projects, empty).map(({ key }) => key);

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

// The rows of the session list: what waits for the person, what is pinned, then groups with a header each.
import type { Project, Session } from "../../shared/api/generated";
import { type SessionStatus, sessionStatus, STATUS_LABELS } from "../../shared/session/status";
import type { Grouping, Order } from "./listView";

export type ListEntry =
  | { kind: "project"; key: string; project: Project | undefined; folded: boolean; count: number }
  | { kind: "group"; key: string; title: string; folded: boolean; count: number }
  | { kind: "session"; key: string; session: Session };

export interface ListInput {
  /** The newest first. */
  sessions: readonly Session[];
  projects: readonly Project[];
  /** Sessions that stand above all groups. */
  waiting?: readonly Session[];
  pinned?: readonly Session[];
  /**
   * Whether projects without sessions get a header, too: where a session of theirs would stand that was used last when
   * the project was added. A project just added is thus the first.
   */
  empty: boolean;
  group: Grouping;
  order: Order;
  folded: readonly string[];
}

export function listEntries(input: ListInput, now = new Date()): ListEntry[] {
  const entries: ListEntry[] = [];
  const add = (key: string, sessions: readonly Session[], header: Header) => {
    const folded = input.folded.includes(key);
    entries.push({ ...header, key, folded, count: sessions.length });
    if (!folded) for (const session of sessions) entries.push({ kind: "session", key: session.id, session });
  };
  const waiting = input.waiting ?? [];
  const above = new Set(waiting.map((one) => one.id));
  const pinned = (input.pinned ?? []).filter((one) => !above.has(one.id));
  for (const one of pinned) above.add(one.id);
  if (waiting.length) add("waiting", waiting, { kind: "group", title: "Waiting for you" });
  if (pinned.length) add("pinned", pinned, { kind: "group", title: "Pinned" });
  const rest = input.sessions.filter((one) => !above.has(one.id));
  if (input.group === "project") addProjects(rest, input, add);
  else {
    for (const { key, title, sessions } of input.group === "state" ? byState(rest) : byDate(rest, input.order, now)) {
      add(key, sessions, { kind: "group", title });
    }
  }
  return entries;
}

type Header = { kind: "project"; project: Project | undefined } | { kind: "group"; title: string };
type Add = (key: string, sessions: readonly Session[], header: Header) => void;

function addProjects(sessions: readonly Session[], { projects, empty }: ListInput, add: Add): void {
  const groups = grouped(sessions, (one) => one.project_id); // in the order of each project's newest session
  const known = new Map(projects.map((one) => [one.id, one]));
  const unused = empty ? projects.filter((one) => one.archived_at === null && !groups.has(one.id)).toSorted(byAge) : [];
  const addProject = (id: string, group: readonly Session[], project: Project | undefined) => add(id, group, { kind: "project", project });
  for (const [id, group] of groups) {
    const usedAt = Date.parse(group[0]?.updated_at ?? "");
    while (unused[0] && Date.parse(unused[0].created_at) > usedAt) addProject(unused[0].id, [], unused.shift());
    addProject(id, group, known.get(id));
  }
  for (const one of unused) addProject(one.id, [], one);
}

const URGENT: readonly SessionStatus[] = ["waiting", "working", "silent", "queued", "failed", "interrupted", "review", "stopped", "done", "idle"];

interface Group {
  key: string;
  title: string;
  sessions: readonly Session[];
}

/** The most urgent state first. */
function byState(sessions: readonly Session[]): Group[] {
  const groups = grouped(sessions, (one) => sessionStatus(one));
  return URGENT.filter((state) => groups.has(state)).map((state) => ({ key: `state ${state}`, title: upperFirst(STATUS_LABELS[state]), sessions: groups.get(state) ?? [] }));
}

/** Today, yesterday, the last week, then months. */
function byDate(sessions: readonly Session[], order: Order, now: Date): Group[] {
  const groups = grouped(sessions, (one) => dayWords(new Date(timeOf(one, order)), now));
  return [...groups].map(([title, group]) => ({ key: `date ${title}`, title, sessions: group }));
}

function dayWords(then: Date, now: Date): string {
  const days = Math.round((midnight(now) - midnight(then)) / 86_400_000);
  if (days < 1) return "Today";
  if (days === 1) return "Yesterday";
  if (days < 7) return "Last 7 days";
  return then.toLocaleDateString(undefined, { month: "long", year: "numeric" });
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function timeOf(session: Session, order: Order): string {
  return order === "created" ? session.created_at : session.updated_at;
}

/** Items by key, the keys in the order of their first item. */
function grouped<Key>(sessions: readonly Session[], keyOf: (session: Session) => Key): Map<Key, Session[]> {
  const groups = new Map<Key, Session[]>();
  for (const one of sessions) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function byAge(left: Project, right: Project): number {
  return Date.parse(right.created_at) - Date.parse(left.created_at);
}

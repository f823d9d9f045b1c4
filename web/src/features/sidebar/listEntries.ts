// The rows of the session list: a header for each project, then its sessions.
import type { Project, Session } from "../../shared/api/generated";

export type ListEntry =
  | { kind: "project"; key: string; project: Project | undefined }
  | { kind: "session"; key: string; session: Session };

/**
 * @param sessions the newest first.
 * @param empty whether projects without sessions get a header, too: where a session of theirs would stand that was
 *   used last when the project was added. A project just added is thus the first.
 */
export function listEntries(sessions: readonly Session[], projects: readonly Project[], empty: boolean): ListEntry[] {
  const groups = new Map<string, Session[]>(); // in the order of each project's newest session
  for (const one of sessions) {
    const group = groups.get(one.project_id);
    if (group) group.push(one);
    else groups.set(one.project_id, [one]);
  }
  const known = new Map(projects.map((one) => [one.id, one]));
  const unused = empty ? projects.filter((one) => one.archived_at === null && !groups.has(one.id)).toSorted(byAge) : [];
  const entries: ListEntry[] = [];
  const addHeader = (key: string, project: Project | undefined) => entries.push({ kind: "project", key, project });
  for (const [id, group] of groups) {
    const usedAt = Date.parse(group[0]?.updated_at ?? "");
    while (unused[0] && Date.parse(unused[0].created_at) > usedAt) addHeader(unused[0].id, unused.shift());
    addHeader(id, known.get(id));
    for (const session of group) entries.push({ kind: "session", key: session.id, session });
  }
  for (const one of unused) addHeader(one.id, one);
  return entries;
}

function byAge(left: Project, right: Project): number {
  return Date.parse(right.created_at) - Date.parse(left.created_at);
}

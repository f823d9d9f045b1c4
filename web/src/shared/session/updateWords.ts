// What came of bringing a session onto a newer commit, in words.
import type { ResolveResult } from "../api/generated";

/** What came of an update, for a toast. */
export function updateWords({ commit, conflicts, files_written: files }: Pick<ResolveResult, "commit" | "conflicts" | "files_written">): string {
  if (!commit) return "The repository has no commit yet.";
  const onto = commit.slice(0, 10);
  if (files === 0 && conflicts.length === 0) return `Nothing to update: the files have all of commit ${onto}.`;
  const changed = files === 1 ? "1 file" : `${files} files`;
  const met = conflicts.length === 1 ? "a conflict" : `${conflicts.length} conflicts`;
  return `Updated onto commit ${onto}: ${changed} changed.${conflicts.length ? ` The agent resolves ${met}.` : ""}`;
}

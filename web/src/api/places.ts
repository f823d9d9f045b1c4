// Asks what goes on from a path that is being typed, and what a session of a project can start from.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { FolderOut, StartNameOut } from "./generated";
import { useLater } from "./useLater";

const FOLDERS_MAX = 50;
const STARTS_MAX = 6; // of each kind: together a list that can be looked through
const FRESH_MS = 10_000;
const NO_FOLDERS: readonly FolderOut[] = [];
const NO_STARTS: readonly StartNameOut[] = [];

/** Folders of the service's machine whose path begins as typed; none while `typed` is null. */
export function useFolders(typed: string | null): readonly FolderOut[] {
  const asked = useLater(typed);
  const { data } = useQuery({
    queryKey: ["folders", asked],
    enabled: asked !== null,
    staleTime: FRESH_MS,
    gcTime: FRESH_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => call("GET /api/folders", { query: { typed: asked ?? "", limit: FOLDERS_MAX } }, { signal }),
  });
  return typed === null ? NO_FOLDERS : (data?.folders ?? NO_FOLDERS);
}

/** Branches, tags and commits that have what is typed in their name; none while `typed` is null. */
export function useStarts(projectId: string | undefined, typed: string | null): readonly StartNameOut[] {
  const asked = useLater(typed);
  const { data } = useQuery({
    queryKey: ["starts", projectId, asked],
    enabled: asked !== null && projectId !== undefined,
    staleTime: FRESH_MS,
    gcTime: FRESH_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      call("GET /api/projects/{project_id}/starts", { path: { project_id: projectId ?? "" }, query: { query: asked ?? "", limit: STARTS_MAX } }, { signal }),
  });
  return typed === null ? NO_STARTS : (data ?? NO_STARTS);
}

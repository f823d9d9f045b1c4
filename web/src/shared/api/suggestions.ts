// Suggestions while typing: folders of the service's machine, and start points of a project.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { Folder, StartName } from "./generated";
import { useDebounced } from "../hooks/useDebounced";

const FOLDERS_MAX = 50;
const STARTS_MAX = 6; // of each kind, so that the whole list stays short
const FRESH_MS = 10_000;
const NO_FOLDERS: readonly Folder[] = [];
const NO_STARTS: readonly StartName[] = [];

/** Folders of the service's machine that begin with what is typed; none while `typed` is null. */
export function useFolders(typed: string | null): readonly Folder[] {
  const asked = useDebounced(typed);
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

/** Branches, tags and commits whose name contains what is typed; none while `typed` is null. */
export function useStarts(projectId: string | undefined, typed: string | null): readonly StartName[] {
  const asked = useDebounced(typed);
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

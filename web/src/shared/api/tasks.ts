// Tasks of all sessions by state, in pages, and their counts.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call } from "./client";
import type { TaskInfo, TaskState } from "./generated";
import { isLong } from "./sessions";

const LISTS_MS = 5_000; // a safety net: the socket reports every change
const LONG_LIST_MS = 30_000;
const PAGE = 50;

/**
 * Tasks in some states, newest first, page by page; of one project, or of all if it is ""; with `waiting` those with an
 * open request, or those without.
 */
export function useTaskPages(states: readonly TaskState[], projectId: string, waiting: boolean | null = null) {
  const pages = useInfiniteQuery({
    queryKey: ["tasks", "pages", states, projectId, waiting],
    queryFn: ({ signal, pageParam }) => {
      const query = { state: [...states], limit: PAGE, project_id: projectId || null, waiting, ...(pageParam ? { before: pageParam } : {}) };
      return call("GET /api/tasks", { query }, { signal });
    },
    initialPageParam: "",
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: ({ state }) => (isLong(state.data) ? LONG_LIST_MS : LISTS_MS),
  });
  const tasks = useMemo(() => unique(pages.data?.pages.flat() ?? []), [pages.data]);
  return { ...pages, tasks: pages.data ? tasks : undefined };
}

/** A task that moved between two pages while they were fetched appears once. */
function unique(tasks: readonly TaskInfo[]): TaskInfo[] {
  return [...new Map(tasks.map((one) => [one.id, one])).values()];
}

/** How many tasks are pending, run, wait and have ended. */
export function useTaskCounts(projectId: string) {
  return useQuery({
    queryKey: ["tasks", "counts", projectId],
    queryFn: ({ signal }) => call("GET /api/tasks/counts", { query: { project_id: projectId || null } }, { signal }),
    refetchInterval: LISTS_MS,
  });
}

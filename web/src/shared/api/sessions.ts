// Lists and counts of sessions. The service filters, sorts and counts; a long list comes in pages.
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call } from "./client";
import type { SessionActivity, Session, SessionState } from "./generated";
import { useAction } from "./queries";

const LISTS_MS = 5_000; // a safety net: the socket reports every change
const PAGE = 100;
const FEW_PAGES = 2; // longer lists are not fetched again at every change, only slowly
const LONG_LIST_MS = 30_000;
const ALL_MAX = 200; // of sessions that wait or run: as many as a person can work on
const RECENT = 100;

export interface SessionFilter {
  state: SessionState;
  activity?: SessionActivity;
  by_change?: boolean;
}

const fetchedAt = new Map<string, number>();

/** When a session's row was last fetched, Unix time in seconds. Not live. */
export function rowFetchedAt(sessionId: string): number {
  return fetchedAt.get(sessionId) ?? 0;
}

/** Remember when rows were fetched; a silence can only be told from a fresh row. */
export function noteFetched<Rows extends readonly Session[]>(rows: Rows): Rows {
  const now = Date.now() / 1000;
  for (const row of rows) fetchedAt.set(row.id, now);
  return rows;
}

function fetchSessions(query: SessionFilter & { limit: number; before?: string; title?: string; pinned?: boolean }, signal: AbortSignal) {
  return call("GET /api/sessions", { query }, { signal }).then(noteFetched);
}

/** The sessions of a filter, newest first, page by page. */
export function useSessionPages(filter: SessionFilter) {
  const pages = useInfiniteQuery({
    queryKey: ["sessions", "pages", filter],
    queryFn: ({ signal, pageParam }) => fetchSessions({ ...filter, limit: PAGE, ...(pageParam ? { before: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: ({ state }) => (isLong(state.data) ? LONG_LIST_MS : LISTS_MS),
  });
  const sessions = useMemo(() => unique(pages.data?.pages.flat() ?? []), [pages.data]);
  return { ...pages, sessions: pages.data ? sessions : undefined };
}

/** Whether a cached list has so many pages that it should not be fetched at every change. */
export function isLong(data: unknown): boolean {
  const pages = (data as InfiniteData<unknown> | undefined)?.pages;
  return Array.isArray(pages) && pages.length > FEW_PAGES;
}

/** A row that moved between two pages while they were fetched appears once. */
function unique(sessions: readonly Session[]): Session[] {
  return [...new Map(sessions.map((one) => [one.id, one])).values()];
}

function useList(name: string, query: Parameters<typeof fetchSessions>[0]) {
  return useQuery({ queryKey: ["sessions", name], queryFn: ({ signal }) => fetchSessions(query, signal), refetchInterval: LISTS_MS });
}

/** All sessions with an open request, newest first. */
export function useWaitingSessions() {
  return useList("waiting", { state: "open", activity: "waiting", limit: ALL_MAX });
}

/** All pinned sessions, newest first. */
export function usePinnedSessions() {
  return useList("pinned", { state: "open", pinned: true, limit: ALL_MAX });
}

/** All sessions with a running turn. */
export function useRunningSessions() {
  return useList("running", { state: "open", activity: "running", limit: ALL_MAX });
}

/** The sessions that changed last. */
export function useRecentSessions() {
  return useList("recent", { state: "open", by_change: true, limit: RECENT });
}

/** Sessions with all words of `title` in their title; asks nothing while it is blank. */
export function useSessionsByTitle(title: string, limit: number) {
  const words = title.trim().slice(0, 200);
  return useQuery({
    enabled: words !== "",
    queryKey: ["sessions", "title", words, limit],
    queryFn: ({ signal }) => fetchSessions({ state: "open", title: words, limit, by_change: true }, signal),
    placeholderData: words ? keepPreviousData : undefined,
  });
}

/** How many sessions wait, run and are unread. */
export function useSessionCounts() {
  return useQuery({ queryKey: ["sessions", "counts"], queryFn: ({ signal }) => call("GET /api/sessions/counts", {}, { signal }), refetchInterval: LISTS_MS });
}

/** Record that the person looks at a session. */
export function useMarkSeen(sessionId: string) {
  return useAction(() => call("POST /api/sessions/{session_id}/seen", { path: { session_id: sessionId } }), ["sessions", "session"]);
}

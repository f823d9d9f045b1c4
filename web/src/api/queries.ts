// What the page asks the service and keeps for a while (TanStack Query). Live things come by the socket instead.
import { MutationCache, QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { connection } from "../stream/store";
import { call, Problem, type Answer } from "./client";

function noteRefused(error: Error): void {
  if (error instanceof Problem && error.status === 401) connection.refused();
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noteRefused }),
  mutationCache: new MutationCache({ onError: noteRefused }),
  defaultOptions: {
    // The service is on this machine or near it: a browser that calls itself offline may well reach it.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 5_000,
      retry: (count, error) => error instanceof Problem && (error.status === 0 || error.status >= 500) && count < 5,
      refetchOnWindowFocus: true,
    },
  },
});

// The service answers again: what failed meanwhile is asked for once more, and it may be another version.
connection.onState(() => {
  if (connection.state !== "open") return;
  void queryClient.invalidateQueries({ predicate: ({ queryKey, state }) => state.status === "error" || queryKey[0] === "health" });
});

const AGENTS_MS = 60_000; // the socket tells of every change
const LISTS_MS = 5_000; // a safety net: frames of watched sessions and our own actions refresh at once

const EVERY_PROJECT = {
  queryKey: ["projects"],
  queryFn: ({ signal }: { signal: AbortSignal }) => call("GET /api/projects", { query: { removed: true } }, { signal }),
};

/** The projects of the list. */
export function useProjects() {
  return useQuery({ ...EVERY_PROJECT, select: listed });
}

/** Also those that were removed from it: their sessions are in the archive. */
export function useEveryProject() {
  return useQuery(EVERY_PROJECT);
}

function listed(projects: Answer<"GET /api/projects">): Answer<"GET /api/projects"> {
  return projects.filter((one) => one.archived_at === null);
}

export function useSessions(state: "open" | "archived" = "open") {
  return useQuery({
    queryKey: ["sessions", state],
    queryFn: ({ signal }) => call("GET /api/sessions", { query: { state, limit: 200 } }, { signal }),
    refetchInterval: LISTS_MS,
  });
}

/** When the list of open sessions was asked for last, Unix time in seconds. It does not tell of changes by itself. */
export function sessionsAskedAt(): number {
  return (queryClient.getQueryState(["sessions", "open"])?.dataUpdatedAt ?? 0) / 1000;
}

export function useSession(sessionId: string) {
  return useQuery({
    queryKey: ["session", sessionId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}", { path: { session_id: sessionId } }, { signal }),
    refetchInterval: ({ state }) => (isGone(state.error) ? false : LISTS_MS),
  });
}

/** Whether the service knows no such thing; asking again does not bring it about. */
export function isGone(error: unknown): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 422);
}

export function useChats(sessionId: string, enabled = true) {
  return useQuery({
    enabled,
    queryKey: ["chats", sessionId],
    queryFn: ({ signal }) =>
      call("GET /api/sessions/{session_id}/chats", { path: { session_id: sessionId } }, { signal }),
  });
}

/** The agents, kept up to date by the socket. */
export function useAgents() {
  const client = useQueryClient();
  useEffect(() => connection.onAgents((agents) => client.setQueryData(["agents"], agents)), [client]);
  return useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => call("GET /api/agents", {}, { signal }),
    staleTime: AGENTS_MS,
  });
}

export function useTasks(query: { session_id?: string; state?: Answer<"GET /api/tasks">[number]["state"] } = {}) {
  return useQuery({
    queryKey: ["tasks", query],
    queryFn: ({ signal }) => call("GET /api/tasks", { query: { ...query, limit: 100 } }, { signal }),
    refetchInterval: LISTS_MS,
  });
}

interface Then<Result> {
  onSuccess?: (result: Result) => unknown;
  onError?: (error: Error) => unknown;
  onSettled?: () => unknown;
}

/**
 * Something that changes the service's state; the lists are asked again afterwards. What comes of it is told even when
 * the component has gone by then: an applied change takes its own panel away.
 */
export function useAction<Input, Result>(action: (input: Input) => Promise<Result>, refresh: readonly string[] = []) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: action,
    onSettled: () => Promise.all(refresh.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  const { mutateAsync } = mutation;
  const mutate = useCallback(
    (input: Input, { onSuccess, onError = () => undefined, onSettled }: Then<Result> = {}) =>
      void mutateAsync(input).then(onSuccess, onError).finally(onSettled),
    [mutateAsync],
  );
  return { ...mutation, mutate };
}

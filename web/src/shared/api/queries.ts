// Cached requests to the service (TanStack Query). Live data comes by the socket instead.
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
    // The service is on this machine or nearby: a browser that reports being offline may still reach it.
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

// Reconnected: retry what failed meanwhile, and check the version.
connection.onState(() => {
  if (connection.state !== "open") return;
  void queryClient.invalidateQueries({ predicate: ({ queryKey, state }) => state.status === "error" || queryKey[0] === "health" });
});

const AGENTS_MS = 60_000; // the socket reports every change
const LISTS_MS = 5_000; // a safety net: frames and our own actions refresh at once

const EVERY_PROJECT = {
  queryKey: ["projects"],
  queryFn: ({ signal }: { signal: AbortSignal }) => call("GET /api/projects", { query: { removed: true } }, { signal }),
};

/** The listed projects. */
export function useProjects() {
  return useQuery({ ...EVERY_PROJECT, select: listed });
}

/** All projects, also removed ones, whose sessions are in the archive. */
export function useAllProjects() {
  return useQuery(EVERY_PROJECT);
}

function listed(projects: Answer<"GET /api/projects">): Answer<"GET /api/projects"> {
  return projects.filter((one) => one.archived_at === null);
}

/** One session; null asks nothing. */
export function useSession(sessionId: string | null) {
  return useQuery({
    enabled: sessionId !== null,
    queryKey: ["session", sessionId],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}", { path: { session_id: sessionId ?? "" } }, { signal }),
    refetchInterval: ({ state }) => (isGone(state.error) ? false : LISTS_MS),
  });
}

/** Whether the service has no such object; a retry cannot help. */
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

/** The agents, updated by the socket. */
export function useAgents() {
  const client = useQueryClient();
  useEffect(() => connection.onAgents((agents) => client.setQueryData(["agents"], agents)), [client]);
  return useQuery({
    queryKey: ["agents"],
    queryFn: ({ signal }) => call("GET /api/agents", {}, { signal }),
    staleTime: AGENTS_MS,
  });
}

interface Then<Result> {
  onSuccess?: (result: Result) => unknown;
  onError?: (error: Error) => unknown;
  onSettled?: () => unknown;
}

/**
 * An action that changes the service's state and refreshes lists afterwards. The callbacks run even when the component
 * was removed meanwhile: applying a change removes its own panel.
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

// What the change panel asks: files, units, verdicts, comments, snapshots.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { useAction } from "./queries";
import type { ApplyInput, DecideInput, NewComment } from "./generated";

const REFRESH = ["review", "session", "sessions"] as const;

export function useReview(changeId: string) {
  return useQuery({
    queryKey: ["review", changeId, "summary"],
    queryFn: ({ signal }) => call("GET /api/changes/{change_id}/review", { path: { change_id: changeId } }, { signal }),
  });
}

export function useReviewFiles(changeId: string) {
  return useQuery({
    queryKey: ["review", changeId, "files"],
    queryFn: ({ signal }) =>
      call("GET /api/changes/{change_id}/files", { path: { change_id: changeId }, query: {} }, { signal }),
  });
}

/** A file's units, page by page. */
export function useUnits(changeId: string, number: number, context: number, enabled: boolean) {
  return useInfiniteQuery({
    enabled,
    queryKey: ["review", changeId, "units", number, context],
    initialPageParam: { unit: 0, line: 0 },
    queryFn: ({ signal, pageParam }) =>
      call(
        "GET /api/changes/{change_id}/files/{number}",
        { path: { change_id: changeId, number }, query: { context, ...pageParam } },
        { signal },
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
  });
}

export function useDecide(changeId: string) {
  return useAction(
    (body: DecideInput) => call("POST /api/changes/{change_id}/review", { path: { change_id: changeId }, body }),
    REFRESH,
  );
}

export function useComments(sessionId: string) {
  return useQuery({
    queryKey: ["review", sessionId, "comments"],
    queryFn: ({ signal }) =>
      call("GET /api/sessions/{session_id}/comments", { path: { session_id: sessionId }, query: { unsent: true } }, { signal }),
  });
}

export function useAddComment(changeId: string) {
  return useAction(
    (body: NewComment) => call("POST /api/changes/{change_id}/comments", { path: { change_id: changeId }, body }),
    REFRESH,
  );
}

export function useSendComments(sessionId: string) {
  return useAction(
    (rejected: boolean) =>
      call("POST /api/sessions/{session_id}/comments/send", { path: { session_id: sessionId }, body: { rejected } }),
    [...REFRESH, "tasks"],
  );
}

export function useApply(changeId: string) {
  return useAction(
    (body: ApplyInput) => call("POST /api/changes/{change_id}/apply", { path: { change_id: changeId }, body }),
    REFRESH,
  );
}

export function useSnapshots(sessionId: string) {
  return useQuery({
    queryKey: ["snapshots", sessionId],
    queryFn: ({ signal }) =>
      call("GET /api/sessions/{session_id}/snapshots", { path: { session_id: sessionId }, query: { limit: 200 } }, { signal }),
  });
}

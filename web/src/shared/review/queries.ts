// Queries and actions of the change panel: files, units, verdicts, comments, snapshots.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { decidedFile, decidedPage, summed } from "./optimistic";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { ApplyInput, DecideInput, FileUnits, NewComment, PublishInput, ReviewedFile, ReviewSummary } from "../api/generated";

const REFRESH = ["review", "session", "sessions"] as const;

export function useReview(changeId: string) {
  return useQuery({
    queryKey: ["review", changeId, "summary"],
    queryFn: ({ signal }) => call("GET /api/changes/{change_id}/review", { path: { change_id: changeId } }, { signal }),
    placeholderData: keepPreviousData, // show this change until the session's next one is loaded
  });
}

export function useReviewFiles(changeId: string) {
  return useQuery({
    queryKey: ["review", changeId, "files"],
    queryFn: ({ signal }) =>
      call("GET /api/changes/{change_id}/files", { path: { change_id: changeId }, query: {} }, { signal }),
    placeholderData: keepPreviousData,
  });
}

/** The commits that the agent made of a change, oldest first. */
export function useChangeCommits(changeId: string) {
  return useQuery({
    queryKey: ["review", changeId, "commits"],
    queryFn: ({ signal }) => call("GET /api/changes/{change_id}/commits", { path: { change_id: changeId } }, { signal }),
  });
}

/** A file's units, paged. */
export function useUnits(changeId: string, number: number, view: { context: number; ignore_whitespace: boolean }, enabled: boolean) {
  return useInfiniteQuery({
    enabled,
    queryKey: ["review", changeId, "units", number, view],
    initialPageParam: { unit: 0, line: 0 },
    queryFn: ({ signal, pageParam }) =>
      call(
        "GET /api/changes/{change_id}/files/{number}",
        { path: { change_id: changeId, number }, query: { ...view, ...pageParam } },
        { signal },
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
}

type Units = InfiniteData<FileUnits>;

/** Set verdicts; they show at once, the service's counts follow with its answer. */
export function useDecide(changeId: string) {
  const client = useQueryClient();
  const keys = { files: ["review", changeId, "files"], summary: ["review", changeId, "summary"], units: ["review", changeId, "units"] };
  const foresee = (body: DecideInput) => {
    const before = client.getQueriesData({ queryKey: ["review", changeId] });
    const known = client.getQueriesData<Units>({ queryKey: keys.units }).flatMap(([, data]) => data?.pages ?? []);
    const files = client
      .getQueryData<ReviewedFile[]>(keys.files)
      ?.map((file) => decidedFile(file, known.filter((page) => page.file.path === file.path).flatMap((page) => page.units), body));
    client.setQueriesData<Units>({ queryKey: keys.units }, (data) => data && { ...data, pages: data.pages.map((page) => decidedPage(page, body)) });
    if (files) {
      client.setQueryData(keys.files, files);
      client.setQueryData<ReviewSummary>(keys.summary, (review) => review && summed(review, files));
    }
    return { before };
  };
  return useMutation({
    mutationFn: (body: DecideInput) => call("POST /api/changes/{change_id}/review", { path: { change_id: changeId }, body }),
    onMutate: async (body) => {
      await client.cancelQueries({ queryKey: ["review", changeId] });
      return foresee(body);
    },
    onError: (_error, _body, context) => context?.before.forEach(([key, data]) => client.setQueryData(key, data)),
    onSuccess: (done) => {
      client.setQueryData(keys.summary, done.review);
      void client.invalidateQueries({ queryKey: done.gone.length ? ["review"] : keys.files });
    },
  });
}

/** Revert rejected units in the session's worktree. */
export function useTakeBack(changeId: string) {
  return useAction(
    (units: string[]) => call("POST /api/changes/{change_id}/undo", { path: { change_id: changeId }, body: { units } }),
    [...REFRESH, "snapshots"],
  );
}

export function useRejectChange(changeId: string) {
  return useAction(() => call("POST /api/changes/{change_id}/reject", { path: { change_id: changeId }, body: {} }), REFRESH);
}

export function useEditComment() {
  return useAction(
    ({ id, body }: { id: string; body: string }) => call("PATCH /api/comments/{comment_id}", { path: { comment_id: id }, body: { body } }),
    ["review"],
  );
}

export function useDeleteComment() {
  return useAction((id: string) => call("DELETE /api/comments/{comment_id}", { path: { comment_id: id } }), ["review"]);
}

/** The session's comments that are not sent yet. */
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

/** What applying would do; writes nothing. */
export function useApplyPreview(changeId: string, body: ApplyInput) {
  return useQuery({
    queryKey: ["preview", changeId, body],
    queryFn: ({ signal }) =>
      call("POST /api/changes/{change_id}/apply", { path: { change_id: changeId }, body: { ...body, dry_run: true } }, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 0,
    gcTime: 0,
  });
}

/** Title and text of a pull request as the service would write them. */
export function usePublishWords(changeId: string) {
  return useQuery({
    queryKey: ["publish", changeId],
    queryFn: ({ signal }) => call("GET /api/changes/{change_id}/publish", { path: { change_id: changeId } }, { signal }),
  });
}

export function usePublish(changeId: string) {
  return useAction(
    (body: PublishInput) => call("POST /api/changes/{change_id}/publish", { path: { change_id: changeId }, body }),
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

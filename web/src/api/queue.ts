// The tasks of a session that wait: asked for, edited, moved and dropped.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { inOrder, moved } from "./queueOrder";
import { complain } from "../ui/Toasts";
import { call } from "./client";
import type { TaskOut } from "./generated";
import { useAction } from "./queries";

const LIST_MS = 5_000; // a safety net: the stream tells of every change
const REFRESHED = ["tasks", "sessions", "session"];

export function useWaiting(sessionId: string) {
  return useQuery({
    queryKey: ["tasks", "waiting", sessionId],
    queryFn: ({ signal }) => call("GET /api/tasks", { query: { session_id: sessionId, state: "pending", limit: 200 } }, { signal }),
    refetchInterval: LIST_MS,
    select: inOrder,
  });
}

export function useEdit() {
  return useAction(
    ({ taskId, prompt }: { taskId: string; prompt: string }) => call("PATCH /api/tasks/{task_id}", { path: { task_id: taskId }, body: { prompt } }),
    REFRESHED,
  );
}

/** Stop a task that runs, or drop one that waits. */
export function useCancel() {
  return useAction((taskId: string) => call("POST /api/tasks/{task_id}/cancel", { path: { task_id: taskId } }), REFRESHED);
}

export interface Move {
  taskId: string;
  /** The task that it comes before; null: to the end. */
  before: string | null;
}

/** Move a task; the list shows it at once and is asked again afterwards. */
export function useMove(sessionId: string) {
  const client = useQueryClient();
  const key = ["tasks", "waiting", sessionId];
  const move = useAction(({ taskId, before }: Move) => call("POST /api/tasks/{task_id}/move", { path: { task_id: taskId }, body: { before } }), REFRESHED);
  return async (wanted: Move) => {
    await client.cancelQueries({ queryKey: key });
    client.setQueryData<TaskOut[]>(key, (tasks) => tasks && moved(tasks, wanted.taskId, wanted.before));
    return move.mutateAsync(wanted).catch(complain);
  };
}

// A session's pending tasks: list, edit, move and cancel.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { inOrder, moved } from "./order";
import { showError } from "../ui/Toasts";
import { call } from "../api/client";
import type { TaskInfo } from "../api/generated";
import { useAction } from "../api/queries";

const LIST_MS = 5_000; // a safety net: the stream reports every change
const REFRESHED = ["tasks", "sessions", "session"];

export function useWaiting(sessionId: string) {
  return useQuery({
    queryKey: ["tasks", "waiting", sessionId],
    queryFn: ({ signal }) => call("GET /api/tasks", { query: { session_id: sessionId, state: ["pending"], limit: 200 } }, { signal }),
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

/** Stop a running task, or drop a pending one. */
export function useCancel() {
  return useAction((taskId: string) => call("POST /api/tasks/{task_id}/cancel", { path: { task_id: taskId } }), REFRESHED);
}

/** Take back a message that waits for the running turn. */
export function useWithdraw() {
  return useAction((steerId: string) => call("DELETE /api/steers/{steer_id}", { path: { steer_id: steerId } }));
}

export interface Move {
  taskId: string;
  /** The task to put it before; null: last. */
  before: string | null;
}

/** Move a task; the list shows it at once and refreshes afterwards. */
export function useMove(sessionId: string) {
  const client = useQueryClient();
  const key = ["tasks", "waiting", sessionId];
  const move = useAction(({ taskId, before }: Move) => call("POST /api/tasks/{task_id}/move", { path: { task_id: taskId }, body: { before } }), REFRESHED);
  return async (wanted: Move) => {
    await client.cancelQueries({ queryKey: key });
    client.setQueryData<TaskInfo[]>(key, (tasks) => tasks && moved(tasks, wanted.taskId, wanted.before));
    return move.mutateAsync(wanted).catch(showError);
  };
}

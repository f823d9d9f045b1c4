// Resumes or retries a turn that did not complete. Each is sent at most once.
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { Message } from "../stream/conversation";

type RetryKind = "resume" | "retry";

export function useRetryTurn(message: Pick<Message, "taskId" | "chatId">) {
  return useAction(
    async (how: RetryKind) => {
      const prompt =
        how === "retry" ? (await call("GET /api/tasks/{task_id}", { path: { task_id: message.taskId } })).prompt : "Continue where you stopped.";
      const headers = { "Idempotency-Key": `${how}-${message.taskId}` };
      return call("POST /api/tasks", { body: { chat_id: message.chatId, prompt } }, { headers });
    },
    ["tasks", "sessions"],
  );
}

// The ways on after a turn that did not complete: go on where it stopped, or its prompt once more. Each is sent once.
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { Message } from "../stream/conversation";

type Again = "resume" | "retry";

export function useAgain(message: Pick<Message, "taskId" | "chatId">) {
  return useAction(
    async (how: Again) => {
      const prompt =
        how === "retry" ? (await call("GET /api/tasks/{task_id}", { path: { task_id: message.taskId } })).prompt : "Go on where you stopped.";
      const headers = { "Idempotency-Key": `${how}-${message.taskId}` };
      return call("POST /api/tasks", { body: { chat_id: message.chatId, prompt } }, { headers });
    },
    ["tasks", "sessions"],
  );
}

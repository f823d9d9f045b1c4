// Gives messages to the running turn, each exactly once however often it is retried.
import { useRef } from "react";
import { call } from "../../shared/api/client";
import { useAction } from "../../shared/api/queries";
import { showToast } from "../../shared/ui/Toasts";

const REFRESHED = ["tasks", "sessions", "session"];

export function useSteer(sessionId: string | undefined) {
  const keys = useRef(new Map<string, string>());
  return useAction(async (prompt: string) => {
    if (!sessionId) throw new Error("There is no session yet.");
    // A text keeps its key until it is answered, so a retry after a lost answer sends nothing twice.
    const key = keys.current.get(prompt) ?? crypto.randomUUID();
    keys.current.set(prompt, key);
    const path = { session_id: sessionId };
    const sent = await call("POST /api/sessions/{session_id}/steers", { path, body: { prompt, sent_by: "page" } }, { headers: { "Idempotency-Key": key } });
    keys.current.delete(prompt);
    if (sent.state === "returned") showToast("Queued to run next", "No turn of this agent can take a message now.");
    return sent;
  }, REFRESHED);
}

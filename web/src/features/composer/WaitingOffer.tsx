// Asks what a message is that was written while the agent waits: the answer, or the next message.
import { call } from "../../shared/api/client";
import type { PermissionAnswerInput, PermissionFrame, QuestionFrame } from "../../shared/api/generated";
import { useAction } from "../../shared/api/queries";
import { takesText } from "../../shared/stream/openRequest";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./WaitingOffer.module.css";

interface WaitingOfferProps {
  request: PermissionFrame | QuestionFrame;
  text: string;
  onAnswered: () => void;
  /** Send it as the next message. */
  onQueue: () => void;
  onClose: () => void;
}

export function WaitingOffer({ request, text, onAnswered, onQueue, onClose }: WaitingOfferProps) {
  const send = useAction(
    () => call("POST /api/permissions/{permission_id}/answer", { path: { permission_id: request.request_id }, body: answerOf(request, text.trim()) }),
    ["sessions", "session"],
  );
  const asks = request.type === "question";
  const fits = !asks || takesText(request, text);
  return (
    <div className={styles.offer} role="group" aria-label="The agent waits for an answer">
      <p role="status">{fits ? "The agent waits for an answer. Is this it?" : "The agent waits for a choice, which this is not."}</p>
      <div className={styles.buttons}>
        {fits && (
          <Button small kind={asks ? "primary" : "danger"} disabled={send.isPending} onClick={() => send.mutate(undefined, { onSuccess: onAnswered, onError: showError })}>
            {asks ? "Answer with this" : "Refuse, and tell the agent this"}
          </Button>
        )}
        <Button small disabled={send.isPending} onClick={onQueue}>
          Send after this turn
        </Button>
        <Button small kind="quiet" onClick={onClose}>
          Go on writing
        </Button>
      </div>
    </div>
  );
}

function answerOf(request: PermissionFrame | QuestionFrame, text: string): PermissionAnswerInput {
  if (request.type === "question") return { decision: "answer", answers: [[text]] };
  return { decision: "refuse", message: text };
}

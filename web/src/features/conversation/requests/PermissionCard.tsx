// An agent's permission request: allow once, allow for the session, or refuse with a reason.
import { useId, useRef, useState } from "react";
import { call } from "../../../shared/api/client";
import { useAction } from "../../../shared/api/queries";
import type { PermissionFrame, ToolCallFrame } from "../../../shared/api/generated";
import { useWorktree } from "../../../shared/api/worktree";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import { showError } from "../../../shared/ui/Toasts";
import { ConfirmAllow } from "./ConfirmAllow";
import { destructiveEffect } from "./destructive";
import { holdDecision, useHeldDecision } from "./heldDecisions";
import { HeldNote } from "./HeldNote";
import styles from "./PermissionCard.module.css";
import { RequestFrame } from "./RequestFrame";
import { RequestReason } from "./RequestReason";
import { requestWords, type RequestWords, shortened } from "./requestWords";
import { useDeliberateKeys, useSettled } from "./useDeliberateKeys";

type Decision = "allow" | "allow_session" | "refuse";
type Allow = Exclude<Decision, "refuse">;
const WORDS = { asked: "", allowed: "allowed", refused: "refused", cancelled: "not decided: the turn ended" } as const;

interface PermissionCardProps {
  frame: PermissionFrame;
  /** The tool call that asks, if known. */
  toolCall: ToolCallFrame | undefined;
}

export function PermissionCard({ frame, toolCall }: PermissionCardProps) {
  const worktree = useWorktree(frame.session_id)?.path;
  if (frame.state !== "asked") {
    const by = frame.decided_by && frame.decided_by !== "turn" ? ` by ${frame.decided_by === "person" ? "you" : `a ${frame.decided_by}`}` : "";
    const decided = `${WORDS[frame.state]}${by}${frame.message ? `: ${visible(frame.message)}` : ""}`;
    return (
      <RequestFrame kind="permission" title={visible(shortened(frame.title, worktree))} decided={decided}>
        {null}
      </RequestFrame>
    );
  }
  const words = requestWords(frame, toolCall, worktree);
  return <OpenPermission frame={frame} words={words} effect={destructiveEffect(frame.tool, frame.argument, toolCall?.kind)} />;
}

interface OpenPermissionProps {
  frame: PermissionFrame;
  words: RequestWords;
  /** What is hard to undo about it, if anything. */
  effect: string | null;
}

function OpenPermission({ frame, words, effect }: OpenPermissionProps) {
  const [message, setMessage] = useState("");
  const [confirming, confirm] = useState<Allow | null>(null);
  const card = useRef<HTMLElement>(null);
  const settled = useSettled();
  const due = useHeldDecision(frame.request_id);
  const answer = useAnswer(frame.request_id);
  const decide = (decision: Decision) => {
    if (answer.isPending) return;
    if (decision === "refuse" || !effect) answer.mutate({ decision, message: decision === "refuse" ? message : "" }, { onError: showError });
    else {
      confirm(decision);
      card.current?.focus({ preventScroll: true }); // the buttons are replaced
    }
  };
  const confirmed = (decision: Allow) => {
    confirm(null);
    holdDecision(frame.request_id, () => answer.mutate({ decision, message: "" }, { onError: showError }));
  };
  const open = confirming === null && due === null;
  const onKeyDown = useDeliberateKeys(
    settled,
    open ? { a: () => decide("allow"), s: () => decide("allow_session"), r: () => decide("refuse") } : {},
  );
  return (
    <RequestFrame kind="permission" title={words.title} decided={null} frameRef={card} onKeyDown={onKeyDown}>
      <div className={styles.asked}>
        <pre className={styles.argument} tabIndex={0}>
          {words.subject}
        </pre>
        {words.consequence && <p className={styles.consequence}>{words.consequence}</p>}
        <RequestReason frame={frame} words={words} addable={effect === null} disabled={!settled || answer.isPending} />
        {due !== null && <HeldNote requestId={frame.request_id} due={due} />}
        {confirming !== null && effect && <ConfirmAllow effect={effect} onConfirm={() => confirmed(confirming)} onBack={() => confirm(null)} />}
        {open && <Answer allow={words.allow ?? "Allow once"} message={message} onMessage={setMessage} disabled={answer.isPending || !settled} onDecide={decide} />}
      </div>
    </RequestFrame>
  );
}

function useAnswer(requestId: string) {
  return useAction(
    (body: { decision: Decision; message: string }) => call("POST /api/permissions/{permission_id}/answer", { path: { permission_id: requestId }, body }),
    ["sessions", "session"],
  );
}

interface AnswerProps {
  /** What the button says that allows it. */
  allow: string;
  message: string;
  onMessage: (message: string) => void;
  disabled: boolean;
  onDecide: (decision: Decision) => void;
}

function Answer({ allow, message, onMessage, disabled, onDecide }: AnswerProps) {
  const field = useId();
  return (
    <>
      <label htmlFor={field} className="visually-hidden">
        Reason for refusing
      </label>
      <input
        id={field}
        className={styles.message}
        value={message}
        placeholder="With a refusal: what it should do instead"
        onChange={(event) => onMessage(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && message && !disabled && onDecide("refuse")}
      />
      <div className={styles.buttons}>
        <Button kind="primary" disabled={disabled} onClick={() => onDecide("allow")} aria-keyshortcuts="a">
          {allow} <kbd>a</kbd>
        </Button>
        <Button disabled={disabled} onClick={() => onDecide("allow_session")} aria-keyshortcuts="s">
          Allow for the session <kbd>s</kbd>
        </Button>
        <Button kind="danger" disabled={disabled} onClick={() => onDecide("refuse")} aria-keyshortcuts="r">
          Refuse <kbd>r</kbd>
        </Button>
      </div>
    </>
  );
}

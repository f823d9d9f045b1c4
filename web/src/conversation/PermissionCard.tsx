// An agent asks before it acts: allow once, allow for the session, or refuse and say why.
import { useEffect, useId, useRef, useState } from "react";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { Permission } from "../api/generated";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import { RequestFrame } from "./RequestFrame";
import styles from "./PermissionCard.module.css";

type Decision = "allow" | "allow_session" | "refuse";
const KEYS: Record<string, Decision> = { a: "allow", s: "allow_session", r: "refuse" };
const WORDS = { asked: "", allowed: "allowed", refused: "refused", cancelled: "not decided: the turn ended" } as const;

export function PermissionCard({ frame }: { frame: Permission }) {
  const title = `May ${visible(frame.tool)} run?`;
  if (frame.state !== "asked") {
    const by = frame.decided_by && frame.decided_by !== "turn" ? ` by ${frame.decided_by === "person" ? "you" : `a ${frame.decided_by}`}` : "";
    return (
      <RequestFrame kind="permission" title={visible(frame.title)} decided={`${WORDS[frame.state]}${by}${frame.message ? `: ${visible(frame.message)}` : ""}`}>
        {null}
      </RequestFrame>
    );
  }
  return (
    <RequestFrame kind="permission" title={title} decided={null}>
      <Asked frame={frame} />
    </RequestFrame>
  );
}

function Asked({ frame }: { frame: Permission }) {
  const [message, setMessage] = useState("");
  const first = useRef<HTMLButtonElement>(null);
  const field = useId();
  const answer = useAction(
    (decision: Decision) =>
      call("POST /api/permissions/{permission_id}/answer", {
        path: { permission_id: frame.request_id },
        body: { decision, message: decision === "refuse" ? message : "" },
      }),
    ["sessions", "session"],
  );
  useEffect(() => focusUnlessTyping(first.current), []);
  const decide = (decision: Decision) => {
    if (!answer.isPending) answer.mutate(decision, { onError: complain });
  };
  const pressed = (event: React.KeyboardEvent) => {
    const decision = KEYS[event.key];
    const typing = event.target instanceof HTMLInputElement;
    if (decision && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      decide(decision);
    }
  };
  return (
    <div className={styles.asked} onKeyDown={pressed}>
      <pre className={styles.argument} tabIndex={0}>
        {visible(frame.argument || frame.title)}
      </pre>
      <label htmlFor={field} className="visually-hidden">
        What to tell the agent with a refusal
      </label>
      <input
        id={field}
        className={styles.message}
        value={message}
        placeholder="With a refusal: what it should do instead"
        onChange={(event) => setMessage(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && message && decide("refuse")}
      />
      <div className={styles.buttons}>
        <Button ref={first} kind="primary" disabled={answer.isPending} onClick={() => decide("allow")} aria-keyshortcuts="a">
          Allow once <kbd>a</kbd>
        </Button>
        <Button disabled={answer.isPending} onClick={() => decide("allow_session")} aria-keyshortcuts="s">
          Allow for the session <kbd>s</kbd>
        </Button>
        <Button kind="danger" disabled={answer.isPending} onClick={() => decide("refuse")} aria-keyshortcuts="r">
          Refuse <kbd>r</kbd>
        </Button>
      </div>
    </div>
  );
}

/** Take the keyboard, but never out of somebody's sentence. */
function focusUnlessTyping(element: HTMLElement | null): void {
  const at = document.activeElement;
  const typing = at instanceof HTMLTextAreaElement || at instanceof HTMLInputElement;
  if (!typing || (at as HTMLTextAreaElement).value === "") element?.focus({ preventScroll: true });
}

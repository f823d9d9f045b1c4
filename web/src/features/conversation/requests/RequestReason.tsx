// Why a request is asked, and the rules that would answer it from now on.
import { call } from "../../../shared/api/client";
import type { PermissionFrame } from "../../../shared/api/generated";
import { useAction, useSession } from "../../../shared/api/queries";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import { showError, showToast } from "../../../shared/ui/Toasts";
import styles from "./PermissionCard.module.css";
import type { RequestWords } from "./requestWords";

interface RequestReasonProps {
  frame: PermissionFrame;
  words: RequestWords;
  /** Whether a rule may be added here: not while the card is new, and never for what is hard to undo. */
  addable: boolean;
  disabled: boolean;
}

export function RequestReason({ frame, words, addable, disabled }: RequestReasonProps) {
  const { data: session } = useSession(frame.session_id);
  const add = useAction(
    (projectId: string | null) =>
      call("POST /api/permission-rules", { body: { project_id: projectId, tool: frame.tool, argument: frame.argument, exact: true, action: "allow" } }),
    ["rules", "sessions", "session"],
  );
  const saved = { onSuccess: () => showToast("Rule added.", "It answers this request, and the same one in the future. Settings lists all rules."), onError: showError };
  return (
    <details className={styles.reason}>
      <summary>{words.reason}</summary>
      <p>
        No rule covers it. “Allow for the session” adds a rule for exactly this request in this session.
        {addable ? " A rule can also allow exactly this from now on:" : " It is hard to undo, so a rule for more than the session can only be added on the settings page."}
      </p>
      <p>
        Tool <code>{visible(frame.tool)}</code>, for <code>{visible(frame.argument)}</code>
      </p>
      {addable && (
        <div className={styles.buttons}>
          <Button small disabled={disabled || add.isPending || !session} onClick={() => session && add.mutate(session.project_id, saved)}>
            Always in this project
          </Button>
          <Button small disabled={disabled || add.isPending} onClick={() => add.mutate(null, saved)}>
            Always, in all projects
          </Button>
        </div>
      )}
      {words.setting && (
        <p>
          Or in the settings file, for all projects: <code>{words.setting}</code>
        </p>
      )}
    </details>
  );
}

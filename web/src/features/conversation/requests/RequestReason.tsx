// Why a request is asked, and which rule would answer it.
import type { PermissionFrame } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { CopyButton } from "../../../shared/ui/CopyButton";
import styles from "./PermissionCard.module.css";

export function RequestReason({ frame, reason }: { frame: PermissionFrame; reason: string }) {
  const rule = `boocoder permissions rules add allow ${quoted(frame.tool)} ${quoted(frame.argument)} --exact`;
  return (
    <details className={styles.reason}>
      <summary>{reason}</summary>
      <p>
        No rule covers it. “Allow for the session” adds a rule for exactly this request in this session. For all sessions:{" "}
        <code>{visible(rule)}</code> <CopyButton text={rule} what="rule" />
      </p>
    </details>
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// A command to run in a terminal, with a copy button; a sentence in its place is shown as text.
import { visible } from "../text/visible";
import { CopyButton } from "../ui/CopyButton";
import styles from "./CommandLine.module.css";

export function CommandLine({ title, command }: { title: string; command: string }) {
  if (!isCommand(command)) {
    return (
      <span className={styles.line}>
        {title}: {visible(command)}
      </span>
    );
  }
  return (
    <span className={styles.line}>
      {title}: <code>{visible(command)}</code>
      <CopyButton text={command} what="command" />
    </span>
  );
}

/** Whether a text is a command line and no sentence, such as "use goose's own installer; ...". */
export function isCommand(text: string): boolean {
  return /^[a-z][\w.@/-]*( |$)/.test(text) && !/['’]s |; |\.$/.test(text);
}

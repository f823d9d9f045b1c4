// A user's prompt; a long one is folded.
import { useState } from "react";
import type { Message } from "../../shared/stream/conversation";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { AttachmentList } from "./AttachmentList";
import styles from "./UserMessage.module.css";

const FOLD_CHARS = 1_200;
const FOLD_LINES = 14;

export function UserMessage({ message }: { message: Message }) {
  const [open, setOpen] = useState(false);
  const lines = message.text.split("\n");
  const long = message.text.length > FOLD_CHARS || lines.length > FOLD_LINES;
  const shown = open || !long ? message.text : lines.slice(0, FOLD_LINES).join("\n").slice(0, FOLD_CHARS);
  return (
    <article className={styles.message} aria-label="Your message">
      <div className={styles.text}>
        {visible(shown)}
        {long && (
          <Button className={styles.fold} kind="quiet" small aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Fold" : `Show all ${lines.length} lines`}
          </Button>
        )}
        <AttachmentList files={message.attachments} />
      </div>
      <div className={styles.tools}>
        <CopyButton text={message.text} what="message" />
      </div>
    </article>
  );
}

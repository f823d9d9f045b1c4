// The agent's reasoning, folded, with its duration; while it streams, the last line shows.
import { Collapsible } from "@base-ui/react/collapsible";
import { ChevronRight } from "lucide-react";
import { Markdown } from "../../shared/markdown/Markdown";
import type { TextPart } from "../../shared/stream/conversation";
import { duration } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import styles from "./Reasoning.module.css";

export function Reasoning({ part, live }: { part: TextPart; live: boolean }) {
  const seconds = part.began ? (part.newest - part.began) / 1000 : 0;
  const words = live ? "Thinking…" : seconds >= 1 ? `Thought for ${duration(seconds)}` : "Thought";
  if (!part.text.trim()) return null;
  return (
    <Collapsible.Root className={styles.reasoning}>
      <Collapsible.Trigger className={styles.head}>
        <ChevronRight aria-hidden />
        <span>{words}</span>
        {live && <span className={styles.line}>{visible(lastLine(part.text))}</span>}
      </Collapsible.Trigger>
      <Collapsible.Panel className={styles.body}>
        <Markdown text={part.text} live={live} />
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}

function lastLine(text: string): string {
  return text.trimEnd().slice(-200).split("\n").at(-1) ?? "";
}

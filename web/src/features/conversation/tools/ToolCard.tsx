// A tool call as a card: one line when it is done, open while it runs or when it failed.
import { Collapsible } from "@base-ui/react/collapsible";
import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import type { ToolCallFrame } from "../../../shared/api/generated";
import type { Part } from "../../../shared/stream/conversation";
import { visible } from "../../../shared/text/visible";
import { kindOf } from "./kinds";
import { lineDiff } from "./lineDiff";
import { ToolBody } from "./ToolBody";
import { StatusMark } from "./StatusMark";
import { LineCounts } from "../../../shared/review/LineCounts";
import styles from "./ToolCard.module.css";

interface ToolCardProps {
  frame: ToolCallFrame;
  /** All parts of the message, including a sub-agent's calls. */
  parts: readonly Part[];
}

export function ToolCard({ frame, parts }: ToolCardProps) {
  const [chosen, setChosen] = useState<boolean | null>(null); // the person's choice, if any
  const open = chosen ?? opensItself(frame);
  const { icon: Icon, word } = kindOf(frame.kind);
  const inner = parts.filter((part) => part.kind === "tool_call" && part.frame.parent === frame.part);
  return (
    <Collapsible.Root className={styles.card} data-status={frame.status} open={open} onOpenChange={setChosen}>
      <Collapsible.Trigger className={styles.head} aria-label={`${word}: ${visible(frame.title)}, ${frame.status}`}>
        <Icon aria-hidden className={styles.kind} />
        <span className={styles.title}>{visible(frame.title || frame.name)}</span>
        <Summary frame={frame} calls={inner.length} />
        <StatusMark status={frame.status} />
        <ChevronRight aria-hidden className={styles.turn} />
      </Collapsible.Trigger>
      <Collapsible.Panel className={styles.body}>
        <ToolBody frame={frame} />
        {inner.length > 0 && (
          <div className={styles.inner}>
            {inner.map((part) => part.kind === "tool_call" && <ToolCard key={part.part} frame={part.frame} parts={parts} />)}
          </div>
        )}
      </Collapsible.Panel>
    </Collapsible.Root>
  );
}

function opensItself(frame: ToolCallFrame): boolean {
  if (frame.status === "failed") return true;
  const growing = frame.status === "pending" && !!frame.diffs?.length; // the model is still writing it
  return growing || (frame.status === "running" && (frame.kind === "execute" || frame.kind === "edit"));
}

function Summary({ frame, calls }: { frame: ToolCallFrame; calls: number }) {
  const counts = useMemo(() => lineCounts(frame), [frame]);
  if (frame.diffs?.length) {
    const { added, removed } = counts;
    return (
      <span className={styles.summary}>
        <LineCounts additions={added} deletions={removed} />
      </span>
    );
  }
  if (frame.exit_code) return <span className={styles.summary}>exit {frame.exit_code}</span>;
  if (calls) return <span className={styles.summary}>{calls === 1 ? "1 call" : `${calls} calls`}</span>;
  return null;
}

function lineCounts(frame: ToolCallFrame): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const diff of frame.diffs ?? []) {
    for (const line of lineDiff(diff.old_text ?? "", diff.new_text ?? "")) {
      if (line.kind === "added") added++;
      else if (line.kind === "removed") removed++;
    }
  }
  return { added, removed };
}

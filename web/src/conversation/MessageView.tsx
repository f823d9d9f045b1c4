// One message: a person's prompt, or an agent's answer part by part with the end of its turn.
import { memo } from "react";
import { Markdown } from "../markdown/Markdown";
import type { Message, Part, Turn } from "../stream/conversation";
import styles from "./MessageView.module.css";
import { NoticeLine } from "./NoticeLine";
import { PermissionCard } from "./PermissionCard";
import { PlanList } from "./PlanList";
import { QuestionCard } from "./QuestionCard";
import { Reasoning } from "./Reasoning";
import { ToolCard } from "./tools/ToolCard";
import { TurnFoot } from "./TurnFoot";
import { UserMessage } from "./UserMessage";

interface MessageViewProps {
  message: Message;
  turn: Turn | undefined;
}

export function MessageView({ message, turn }: MessageViewProps) {
  if (message.role === "user") return <UserMessage message={message} />;
  const last = message.parts.at(-1);
  return (
    <article className={styles.message} aria-label={`${turn?.agent ?? "Agent"}'s answer`}>
      {message.parts.map((part) => (
        <PartView
          key={part.part}
          part={part}
          parts={message.parts}
          live={message.status === "streaming" && part === last}
        />
      ))}
      <TurnFoot message={message} turn={turn} />
    </article>
  );
}

interface PartViewProps {
  part: Part;
  parts: readonly Part[];
  /** Whether more of it may come. */
  live: boolean;
}

const PartView = memo(
  function PartView({ part, parts, live }: PartViewProps) {
    switch (part.kind) {
      case "text":
        return part.text.trim() ? <Markdown text={part.text} live={live} /> : null;
      case "reasoning":
        return <Reasoning part={part} live={live} />;
      case "tool_call":
        // Calls of a sub-agent stand inside the call that started it.
        return part.frame.parent == null ? <ToolCard frame={part.frame} parts={parts} /> : null;
      case "plan":
        return <PlanList frame={part.frame} />;
      case "permission":
        return <PermissionCard frame={part.frame} />;
      case "question":
        return <QuestionCard frame={part.frame} />;
      case "notice":
        return <NoticeLine notice={part.frame} />;
    }
  },
  (before, after) => before.part === after.part && before.live === after.live && !nests(after),
);

/** A sub-agent's card changes with the calls inside it. */
function nests({ part }: PartViewProps): boolean {
  return part.kind === "tool_call" && part.frame.kind === "agent";
}

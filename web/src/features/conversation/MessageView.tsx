// One message: a person's prompt, or an agent's answer part by part with the end of its turn.
import { memo } from "react";
import { useAgentTitle } from "../../shared/agents/agentTitle";
import type { ToolCallFrame } from "../../shared/api/generated";
import { Markdown } from "../../shared/markdown/Markdown";
import type { Message, Part, Turn } from "../../shared/stream/conversation";
import styles from "./MessageView.module.css";
import { grouped } from "./noticeCounts";
import { NoticeGroup } from "./NoticeGroup";
import { NoticeLine } from "./NoticeLine";
import { PermissionCard } from "./requests/PermissionCard";
import { PlanList } from "./PlanList";
import { QuestionCard } from "./requests/QuestionCard";
import { Reasoning } from "./Reasoning";
import { SteerNote } from "./SteerNote";
import { ToolCard } from "./tools/ToolCard";
import { TurnFooter } from "./TurnFooter";
import { UserMessage } from "./UserMessage";

interface MessageViewProps {
  message: Message;
  turn: Turn | undefined;
  /** Whether it is the first answer of its chat. */
  first: boolean;
}

export function MessageView({ message, turn, first }: MessageViewProps) {
  if (message.role === "user") return <UserMessage message={message} />;
  return <Answer message={message} turn={turn} first={first} />;
}

function Answer({ message, turn, first }: MessageViewProps) {
  const agentTitle = useAgentTitle();
  const last = message.parts.at(-1);
  return (
    <article className={styles.message} aria-label={`${turn ? agentTitle(turn.agent) : "Agent"}'s answer`}>
      {grouped(message.parts, first).map((row) =>
        Array.isArray(row) ? (
          <NoticeGroup key={row[0]?.part} notices={row} />
        ) : (
          <PartView key={row.part} part={row} parts={message.parts} live={message.status === "streaming" && row === last} />
        ),
      )}
      <TurnFooter message={message} turn={turn} />
    </article>
  );
}

interface PartViewProps {
  part: Part;
  parts: readonly Part[];
  /** Whether more text may follow. */
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
        // A sub-agent's calls are shown inside the call that started it.
        return part.frame.parent == null ? <ToolCard frame={part.frame} parts={parts} /> : null;
      case "plan":
        return <PlanList frame={part.frame} />;
      case "permission":
        return <PermissionCard frame={part.frame} toolCall={toolCallOf(part.frame.tool_part, parts)} />;
      case "question":
        return <QuestionCard frame={part.frame} />;
      case "notice":
        return <NoticeLine notice={part.frame} />;
      case "steer":
        return <SteerNote steer={part.frame} />;
    }
  },
  (before, after) => before.part === after.part && before.live === after.live && !nests(after),
);

function toolCallOf(number: number | null | undefined, parts: readonly Part[]): ToolCallFrame | undefined {
  const found = number == null ? undefined : parts.find((one) => one.part === number);
  return found?.kind === "tool_call" ? found.frame : undefined;
}

/** A sub-agent's card depends on the calls inside it. */
function nests({ part }: PartViewProps): boolean {
  return part.kind === "tool_call" && part.frame.kind === "agent";
}

// The end of an answer: current activity while it runs; agent, duration and usage once it ended; reason, cure and
// retry buttons if it failed.
import { RotateCcw, Play } from "lucide-react";
import { useAgentTitle } from "../../shared/agents/agentTitle";
import type { Message, Turn } from "../../shared/stream/conversation";
import { count, duration } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { showError } from "../../shared/ui/Toasts";
import { Activity } from "./Activity";
import { toMarkdown } from "../../shared/stream/toMarkdown";
import styles from "./TurnFooter.module.css";
import { useRetryTurn } from "../../shared/session/useRetryTurn";

interface TurnFootProps {
  message: Message;
  turn: Turn | undefined;
}

const OUTCOMES = { failed: "Failed", cancelled: "Stopped", interrupted: "Interrupted", timed_out: "Timed out", completed: "" } as const;

export function TurnFooter({ message, turn }: TurnFootProps) {
  if (message.status === "streaming" && !turn?.end) return <Activity message={message} turn={turn} />;
  const end = turn?.end;
  const bad = end !== null && end !== undefined && end.outcome !== "completed";
  return (
    <footer className={styles.foot}>
      {bad && (
        <div className={styles.end} data-outcome={end.outcome} role="group" aria-label="Outcome of the turn">
          <strong>{OUTCOMES[end.outcome]}</strong>
          {end.text && <span>{visible(end.text)}</span>}
          {end.cure && <span className={styles.cure}>{visible(end.cure)}</span>}
          {end.code && (
            <span className={styles.code}>
              <code>{end.code}</code>
              <CopyButton text={[end.code, end.text, end.cure].filter(Boolean).join("\n")} what="error" />
            </span>
          )}
          <RetryButtons message={message} resumable={end.code !== NEVER_BEGAN} />
        </div>
      )}
      <Facts message={message} turn={turn} />
    </footer>
  );
}

const NEVER_BEGAN = "project_without_commit"; // nothing that an agent could go on with

function RetryButtons({ message, resumable }: { message: Message; resumable: boolean }) {
  const send = useRetryTurn(message);
  return (
    <div className={styles.ways}>
      {resumable && (
        <Button small icon={<Play />} disabled={send.isPending} onClick={() => send.mutate("resume", { onError: showError })}>
          Resume
        </Button>
      )}
      <Button small icon={<RotateCcw />} disabled={send.isPending} onClick={() => send.mutate("retry", { onError: showError })}>
        Retry
      </Button>
    </div>
  );
}

function Facts({ message, turn }: TurnFootProps) {
  const agentTitle = useAgentTitle();
  if (!turn) return null;
  const usage = turn.usage;
  const facts = [
    agentTitle(turn.agent),
    turn.model,
    turn.endedAt ? duration(turn.endedAt - turn.startedAt) : "",
    usage?.input_tokens || usage?.output_tokens ? `${count(usage.input_tokens ?? 0)} in, ${count(usage.output_tokens ?? 0)} out` : "",
    usage?.context_tokens ? `${count(usage.context_tokens)} in context` : "",
    usage?.tokens_per_s ? `${Math.round(usage.tokens_per_s)} tokens/s` : "",
    usage?.cost_usd ? `$${usage.cost_usd.toFixed(usage.cost_usd < 0.1 ? 4 : 2)}` : "",
  ].filter(Boolean);
  return (
    <div className={styles.facts}>
      <span>{facts.join(" · ")}</span>
      <CopyButton text={() => toMarkdown(message)} what="answer as markdown" />
    </div>
  );
}

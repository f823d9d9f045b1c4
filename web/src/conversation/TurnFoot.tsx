// The end of an answer: what happens now while it goes on; who did it, how long and how much when it is over; the
// named reason, the cure, and a way on when it failed.
import { RotateCcw, Play } from "lucide-react";
import type { Message, Turn } from "../stream/conversation";
import { count, duration } from "../text/times";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { complain } from "../ui/Toasts";
import { Activity } from "./Activity";
import { asMarkdown } from "./asMarkdown";
import styles from "./TurnFoot.module.css";
import { useAgain } from "./useAgain";

interface TurnFootProps {
  message: Message;
  turn: Turn | undefined;
}

const OUTCOMES = { failed: "Failed", cancelled: "Stopped", interrupted: "Interrupted", timed_out: "Ended: silent for too long", completed: "" } as const;

export function TurnFoot({ message, turn }: TurnFootProps) {
  if (message.status === "streaming" && !turn?.end) return <Activity message={message} turn={turn} />;
  const end = turn?.end;
  const bad = end !== null && end !== undefined && end.outcome !== "completed";
  return (
    <footer className={styles.foot}>
      {bad && (
        <div className={styles.end} data-outcome={end.outcome} role="group" aria-label="How the turn ended">
          <strong>{OUTCOMES[end.outcome]}</strong>
          {end.text && <span>{visible(end.text)}</span>}
          {end.cure && <span className={styles.cure}>{visible(end.cure)}</span>}
          {end.code && (
            <span className={styles.code}>
              <code>{end.code}</code>
              <CopyButton text={[end.code, end.text, end.cure].filter(Boolean).join("\n")} what="error" />
            </span>
          )}
          <WaysOn message={message} />
        </div>
      )}
      <Facts message={message} turn={turn} />
    </footer>
  );
}

function WaysOn({ message }: { message: Message }) {
  const send = useAgain(message);
  return (
    <div className={styles.ways}>
      <Button small icon={<Play />} disabled={send.isPending} onClick={() => send.mutate("resume", { onError: complain })}>
        Resume
      </Button>
      <Button small icon={<RotateCcw />} disabled={send.isPending} onClick={() => send.mutate("retry", { onError: complain })}>
        Retry
      </Button>
    </div>
  );
}

function Facts({ message, turn }: TurnFootProps) {
  if (!turn) return null;
  const usage = turn.usage;
  const facts = [
    turn.agent,
    turn.model,
    turn.endedAt ? duration(turn.endedAt - turn.startedAt) : "",
    usage?.input_tokens || usage?.output_tokens ? `${count(usage.input_tokens ?? 0)} in, ${count(usage.output_tokens ?? 0)} out` : "",
    usage?.context_tokens ? `${count(usage.context_tokens)} in context` : "",
    usage?.cost_usd ? `$${usage.cost_usd.toFixed(usage.cost_usd < 0.1 ? 4 : 2)}` : "",
  ].filter(Boolean);
  return (
    <div className={styles.facts}>
      <span>{facts.join(" · ")}</span>
      <CopyButton text={() => asMarkdown(message)} what="answer as markdown" />
    </div>
  );
}

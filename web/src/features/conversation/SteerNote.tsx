// A person's message to a turn, at the place where the agent got it.
import { MessageSquareShare } from "lucide-react";
import type { SteerFrame } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./SteerNote.module.css";

const STATES: Partial<Record<SteerFrame["state"], string>> = {
  delivered: "being given to the agent",
  confirmed: "sent during the turn",
  returned: "not taken during the turn: it runs next",
  unconfirmed: "sent during the turn; whether the agent got it is not known",
};
const WHERE: Record<SteerFrame["sent_by"], string> = { page: "the page", cli: "the command line", api: "the API" };

export function SteerNote({ steer }: { steer: SteerFrame }) {
  return (
    <section className={styles.note} aria-label="Your message during the turn">
      <div className={styles.text}>{visible(steer.text)}</div>
      <p className={styles.state}>
        <MessageSquareShare aria-hidden /> {STATES[steer.state] ?? steer.state}, from {WHERE[steer.sent_by]}
      </p>
    </section>
  );
}

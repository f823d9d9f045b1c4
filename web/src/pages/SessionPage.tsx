// One session: its conversation, the composer below, and its change beside.
import { useSession } from "../api/queries";
import { ConversationView } from "../conversation/ConversationView";
import { Composer } from "../composer/Composer";
import { useConversation } from "../stream/store";
import { PageHead } from "../ui/PageHead";
import styles from "./SessionPage.module.css";

export function SessionPage({ sessionId, onMenu }: { sessionId: string; onMenu: () => void }) {
  const { data: session } = useSession(sessionId);
  const conversation = useConversation(sessionId);
  return (
    <>
      <PageHead title={session?.title ?? "…"} onMenu={onMenu} />
      <div className={styles.columns}>
        <section className={styles.middle} aria-label="Conversation">
          <ConversationView sessionId={sessionId} conversation={conversation} />
          <Composer sessionId={sessionId} conversation={conversation} />
        </section>
      </div>
    </>
  );
}

// Search results from transcripts, in the service's order instead of cmdk's.
import { Command } from "cmdk";
import { hitPath, useMessageSearch } from "../../shared/api/search";
import { Snippet } from "../../shared/session/Snippet";
import { visible } from "../../shared/text/visible";
import styles from "./CommandGroup.module.css";

const HITS = 8;

export function MessageResults({ typed, onChoose }: { typed: string; onChoose: (address: string) => void }) {
  const { data: hits = [], error } = useMessageSearch(typed, HITS);
  if (!typed.trim() || (hits.length === 0 && !error)) return null;
  return (
    <Command.Group heading="Messages" className={styles.group} forceMount>
      {error && (
        <Command.Item value="messages could not be searched" disabled className={styles.item} forceMount>
          {error.message}
        </Command.Item>
      )}
      {hits.map((hit) => (
        <Command.Item
          key={hit.message_id}
          value={`message ${hit.message_id}`}
          className={styles.item}
          data-found="message"
          forceMount
          onSelect={() => onChoose(hitPath(hit))}
        >
          <span className={styles.name}>{visible(hit.session_title)}</span>
          <Snippet pieces={hit.snippet} />
        </Command.Item>
      ))}
    </Command.Group>
  );
}

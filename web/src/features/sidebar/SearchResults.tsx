// Search results: sessions by title, then messages with their matches.
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { Link } from "wouter";
import { useSessionsByTitle } from "../../shared/api/sessions";
import type { SearchHit } from "../../shared/api/generated";
import { hitPath, useMessageSearch } from "../../shared/api/search";
import { age } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import styles from "./SearchResults.module.css";
import { SessionRow } from "./SessionRow";
import { Snippet } from "../../shared/session/Snippet";

const NAMES_MAX = 6;

export function SearchResults({ text, onChosen }: { text: string; onChosen: () => void }) {
  const { data: named = [] } = useSessionsByTitle(text, NAMES_MAX);
  const { data: hits, error, isFetching } = useMessageSearch(text);
  const nothing = named.length === 0 && hits?.length === 0;
  return (
    <div className={styles.results}>
      <p className="visually-hidden" role="status">
        {hits ? `${named.length} sessions and ${hits.length} messages found` : ""}
      </p>
      {error && <p className={styles.note}>{error.message}</p>}
      {nothing && !isFetching && <p className={styles.note}>No results. Search matches whole words; only the last may be incomplete.</p>}
      {!hits && !error && <p className={styles.note}>{text.trim().length < 2 ? "Type at least two letters." : "Searching…"}</p>}
      {named.length > 0 && (
        <section aria-label="Sessions with this title">
          <ul>
            {named.map((one) => (
              <li key={one.id}>
                <SessionRow session={one} onChosen={onChosen} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {!!hits?.length && (
        <section aria-label="Matching messages">
          <h2 className={styles.heading}>Messages</h2>
          <ul>
            {hits.map((hit) => (
              <Hit key={hit.message_id} hit={hit} onChosen={onChosen} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Hit({ hit, onChosen }: { hit: SearchHit; onChosen: () => void }) {
  const agentTitle = useAgentTitle();
  return (
    <li className={styles.hit}>
      <Link href={hitPath(hit)} onClick={onChosen}>
        <span className={styles.where}>
          <span className={styles.title}>{visible(hit.session_title)}</span>
          <span>
            {hit.role === "user" ? "you" : visible(hit.agent ? agentTitle(hit.agent) : "agent")} · {age(new Date(hit.created_at))}
            {hit.session_state === "archived" && " · archived"}
          </span>
        </span>
        <Snippet pieces={hit.snippet} />
      </Link>
    </li>
  );
}

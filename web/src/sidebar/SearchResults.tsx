// What a search found: sessions by their names, then messages with the words in their place.
import { useMemo } from "react";
import { Link } from "wouter";
import { useSessions } from "../api/queries";
import type { HitOut } from "../api/generated";
import { useMessageSearch } from "../api/search";
import { age } from "../text/times";
import { visible } from "../text/visible";
import styles from "./SearchResults.module.css";
import { SessionRow } from "./SessionRow";
import { Snippet } from "./Snippet";

const NAMES_MAX = 6;

export function SearchResults({ text, onChosen }: { text: string; onChosen: () => void }) {
  const { data: sessions } = useSessions();
  const { data: hits, error, isFetching } = useMessageSearch(text);
  const named = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (sessions ?? []).filter((one) => words.every((word) => one.title.toLowerCase().includes(word))).slice(0, NAMES_MAX);
  }, [sessions, text]);
  const nothing = named.length === 0 && hits?.length === 0;
  return (
    <div className={styles.results}>
      <p className="visually-hidden" role="status">
        {hits ? `${named.length} sessions and ${hits.length} messages found` : ""}
      </p>
      {error && <p className={styles.note}>{error.message}</p>}
      {nothing && !isFetching && <p className={styles.note}>Nothing has these words. Whole words are looked for; only the last may be begun.</p>}
      {!hits && !error && <p className={styles.note}>{text.trim().length < 2 ? "Type two letters or more." : "Searching…"}</p>}
      {named.length > 0 && (
        <section aria-label="Sessions with this name">
          <ul>
            {named.map((one) => (
              <SessionRow key={one.id} session={one} onChosen={onChosen} />
            ))}
          </ul>
        </section>
      )}
      {!!hits?.length && (
        <section aria-label="Messages with these words">
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

function Hit({ hit, onChosen }: { hit: HitOut; onChosen: () => void }) {
  return (
    <li className={styles.hit}>
      <Link href={hitAddress(hit)} onClick={onChosen}>
        <span className={styles.where}>
          <span className={styles.title}>{visible(hit.session_title)}</span>
          <span>
            {hit.role === "user" ? "you" : visible(hit.agent ?? "agent")} · {age(new Date(hit.created_at))}
            {hit.session_state === "archived" && " · archived"}
          </span>
        </span>
        <Snippet pieces={hit.snippet} />
      </Link>
    </li>
  );
}

/** Where a found message is shown. */
export function hitAddress(hit: HitOut): string {
  return `/sessions/${hit.session_id}?message=${hit.message_id}`;
}

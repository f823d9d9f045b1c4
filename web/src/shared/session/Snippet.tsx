// A line of a transcript with the search terms marked. It is an agent's text, so it is shown as plain text.
import type { SnippetPiece } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./Snippet.module.css";

export function Snippet({ pieces }: { pieces: readonly SnippetPiece[] }) {
  return (
    <span className={styles.snippet}>
      {pieces.map((piece, place) => (piece.hit ? <mark key={place}>{visible(piece.text)}</mark> : <span key={place}>{visible(piece.text)}</span>))}
    </span>
  );
}

// A line of a transcript with the searched words marked. Its text is the agent's: it is shown as text only.
import type { PieceOut } from "../api/generated";
import { visible } from "../text/visible";
import styles from "./Snippet.module.css";

export function Snippet({ pieces }: { pieces: readonly PieceOut[] }) {
  return (
    <span className={styles.snippet}>
      {pieces.map((piece, place) => (piece.hit ? <mark key={place}>{visible(piece.text)}</mark> : <span key={place}>{visible(piece.text)}</span>))}
    </span>
  );
}

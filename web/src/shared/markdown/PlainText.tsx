// Plain text in pieces: while a very long paragraph grows, only its last piece is laid out again.
import { memo } from "react";
import { visible } from "../text/visible";
import { FilePath } from "./FilePath";
import { piecesOf } from "./pieces";
import styles from "./Markdown.module.css";

export function PlainText({ text }: { text: string }) {
  const pieces = piecesOf(text);
  if (pieces.length === 1) {
    return (
      <p className={styles.plain}>
        <FilePath text={visible(text)} />
      </p>
    );
  }
  return (
    <p className={styles.plain}>
      {pieces.map((piece, index) => (
        <Piece key={index} text={piece} />
      ))}
    </p>
  );
}

const Piece = memo(function Piece({ text }: { text: string }) {
  return (
    <span className={styles.piece}>
      <FilePath text={visible(text)} />
    </span>
  );
});

// Paths of files in an agent's text: each leads to the file at its line, where the page shows a session's files.
import { Children, createContext, type ReactNode, useContext } from "react";
import styles from "./Markdown.module.css";
import { filePathsOf } from "./filePaths";

export interface FilePlace {
  path: string;
  /** Counted from 1; null where the text names none. */
  line: number | null;
}

/** Opens a file; null where there are no files. */
export const OpenFileContext = createContext<((place: FilePlace) => void) | null>(null);

/** A text with its paths as buttons. */
export function FilePath({ text }: { text: string }) {
  const open = useContext(OpenFileContext);
  if (!open) return text;
  return filePathsOf(text).map((piece, index) =>
    typeof piece === "string" ? (
      piece
    ) : (
      <button key={index} type="button" className={styles.path} title={`Open ${piece.path}`} onClick={() => open(piece)}>
        {piece.text}
      </button>
    ),
  );
}

/** Children with the paths of their texts as buttons. */
export function withFilePaths(children: ReactNode): ReactNode {
  return Children.map(children, (child) => (typeof child === "string" ? <FilePath text={child} /> : child));
}

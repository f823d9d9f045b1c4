// What is to be known of a changed file besides its lines, and what deserves a second look.
import type { ReviewFileOut } from "../api/generated";
import { visible } from "../text/visible";
import { factsOf } from "./facts";
import styles from "./FileView.module.css";

export function FileFacts({ file }: { file: ReviewFileOut }) {
  const facts = factsOf(file);
  return (
    <>
      {facts.length > 0 && <p className={styles.facts}>{facts.join(" · ")}</p>}
      {file.flags.map((flag, index) => (
        <p key={index} className={styles.flag}>
          Look twice{flag.line ? ` at line ${flag.line}` : ""}: {visible(flag.reason)}
        </p>
      ))}
    </>
  );
}

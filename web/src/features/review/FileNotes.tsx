// Notes on a changed file, and warnings about risky lines.
import type { ReviewedFile } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { fileNotes } from "./fileNotes";
import { isImageFile } from "./ImageCompare";
import styles from "./FileView.module.css";

export function FileNotes({ file }: { file: ReviewedFile }) {
  const facts = fileNotes(file);
  return (
    <>
      {facts.length > 0 && <p className={styles.facts}>{facts.join(" · ")}</p>}
      {file.flags.filter((flag) => !(flag.kind === "binary" && isImageFile(file))).map((flag, index) => (
        <p key={index} className={styles.flag}>
          Warning{flag.line ? `, line ${flag.line}` : ""}: {visible(flag.reason)}
        </p>
      ))}
    </>
  );
}

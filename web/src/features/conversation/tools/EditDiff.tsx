// A tool's reported change to one file; the change panel shows the actual change.
import { useMemo } from "react";
import type { FileDiff } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { type DiffLine, lineDiff } from "./lineDiff";
import styles from "./EditDiff.module.css";

const CONTEXT = 3;
const SIGNS = { same: " ", added: "+", removed: "−" } as const;

export default function EditDiff({ diff }: { diff: FileDiff }) {
  const rows = useMemo(() => near(lineDiff(diff.old_text ?? "", diff.new_text ?? "")), [diff]);
  return (
    <figure className={styles.diff}>
      <figcaption>
        <code>{visible(diff.path)}</code>
        {diff.old_text == null && <span> new file</span>}
      </figcaption>
      {diff.cut ? (
        <p className={styles.cut}>Too long to show here; see the session's change.</p>
      ) : (
        <pre tabIndex={0}>
          {rows.map((row, index) =>
            row ? (
              <div key={index} className={styles[row.kind]}>
                <span aria-hidden>{SIGNS[row.kind]}</span>
                <span className="visually-hidden">{row.kind === "same" ? "" : `${row.kind}: `}</span>
                {visible(row.text) || " "}
              </div>
            ) : (
              <div key={index} className={styles.gap}>
                ⋯
              </div>
            ),
          )}
        </pre>
      )}
    </figure>
  );
}

/** Changed lines with context; null marks omitted lines. */
function near(lines: DiffLine[]): (DiffLine | null)[] {
  const keep = new Set<number>();
  lines.forEach((line, at) => {
    if (line.kind === "same") return;
    for (let one = at - CONTEXT; one <= at + CONTEXT; one++) keep.add(one);
  });
  const out: (DiffLine | null)[] = [];
  lines.forEach((line, at) => {
    if (keep.has(at)) out.push(line);
    else if (out.at(-1) !== null) out.push(null);
  });
  return out;
}

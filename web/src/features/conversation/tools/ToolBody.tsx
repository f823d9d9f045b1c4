// A tool's input and output, by kind.
import { Suspense, lazy } from "react";
import type { ToolCallFrame } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { LongText } from "./LongText";
import styles from "./ToolBody.module.css";

const EditDiff = lazy(() => import("./EditDiff"));

export function ToolBody({ frame }: { frame: ToolCallFrame }) {
  const diffs = frame.diffs ?? [];
  const command = frame.kind === "execute";
  return (
    <div className={styles.body}>
      {diffs.length > 0 && (
        <Suspense fallback={null}>
          {diffs.map((diff) => (
            <EditDiff key={diff.path} diff={diff} />
          ))}
        </Suspense>
      )}
      {!!frame.locations?.length && diffs.length === 0 && <Locations frame={frame} />}
      {!command && diffs.length === 0 && <LongText frame={frame} field="input" label="Input" />}
      <LongText frame={frame} field="output" label={command ? "Output" : "Result"} terminal={command} />
      {frame.exit_code != null && (
        <p className={styles.exit} data-bad={frame.exit_code !== 0}>
          exit code {frame.exit_code}
        </p>
      )}
    </div>
  );
}

function Locations({ frame }: { frame: ToolCallFrame }) {
  return (
    <ul className={styles.locations}>
      {frame.locations?.map((place, index) => (
        <li key={index}>
          <code>{visible(place.path) + (place.line ? `:${place.line}` : "")}</code>
        </li>
      ))}
    </ul>
  );
}

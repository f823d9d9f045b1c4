// What stands against a change: both sides of each place, and the offer to let the agent put them together.
import { call, type Problem } from "../api/client";
import type { ConflictOut } from "../api/generated";
import { useAction } from "../api/queries";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { complain, say } from "../ui/Toasts";
import styles from "./Conflicts.module.css";

/** The files that a refused apply names. */
export function conflictsOf(problem: Problem): ConflictOut[] {
  return (problem.body.conflicts as ConflictOut[] | undefined) ?? [];
}

interface ConflictsProps {
  conflicts: ConflictOut[];
  changeId: string;
  onResolved: () => void;
}

export function Conflicts({ conflicts, changeId, onResolved }: ConflictsProps) {
  const resolve = useAction(
    () => call("POST /api/changes/{change_id}/resolve", { path: { change_id: changeId } }),
    ["review", "session", "tasks"],
  );
  const ask = () =>
    resolve.mutate(undefined, {
      onSuccess: (done) => {
        say(done.task_id ? "The agent has your files now and puts both together." : "The session has your files now; look at the change again.");
        onResolved();
      },
      onError: complain,
    });
  return (
    <>
      <ul className={styles.files}>
        {conflicts.map((file) => (
          <li key={file.path}>
            <code>{visible(file.path)}</code> {visible(file.text)}
            {file.regions.map((region, index) => (
              <div key={index} className={styles.sides}>
                <Side title="Yours" text={region.ours} />
                <Side title="The agent's" text={region.theirs} />
              </div>
            ))}
            {file.more > 0 && <p>{file.more} more places</p>}
          </li>
        ))}
      </ul>
      <Button small disabled={resolve.isPending} onClick={ask}>
        Ask the agent to resolve
      </Button>
    </>
  );
}

function Side({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <h4>{title}</h4>
      <pre tabIndex={0}>{visible(text) || "nothing"}</pre>
    </div>
  );
}

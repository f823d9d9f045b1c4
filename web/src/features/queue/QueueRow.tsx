// One pending message.
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { ArrowUpToLine, GripVertical, Pencil, X, Zap } from "lucide-react";
import { type Ref, useState } from "react";
import type { TaskInfo } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { IconButton } from "../../shared/ui/Button";
import { QueueEdit } from "./QueueEdit";
import styles from "./QueueRow.module.css";
import type { Grip } from "./useDragOrder";

interface QueueRowProps {
  task: TaskInfo;
  /** Where the dragged row would be dropped, if here. */
  place: "above" | "below" | undefined;
  dragged: boolean;
  movable: boolean;
  editable: boolean;
  first: boolean;
  /** Whether sending now would stop a running turn. */
  stops: boolean;
  grip: Grip;
  rowRef: Ref<HTMLLIElement>;
  onStep: (step: 1 | -1) => void;
  onFront: () => void;
  onNow: () => void;
  onDrop: () => void;
}

export function QueueRow(props: QueueRowProps) {
  const { task, place, dragged, editable, rowRef } = props;
  const [editing, setEditing] = useState(false);
  const agentTitle = useAgentTitle();
  return (
    <li ref={rowRef} className={styles.row} data-place={place} data-dragged={dragged || undefined}>
      {editing && editable ? (
        <QueueEdit task={task} onDone={() => setEditing(false)} />
      ) : (
        <>
          <Handle {...props} />
          <span className={styles.text} title={visible(task.prompt)} onDoubleClick={() => setEditing(editable)}>
            {visible(task.prompt)}
          </span>
          {task.attachments.length > 0 && (
            <span className={styles.agent}>{task.attachments.length === 1 ? "1 file" : `${task.attachments.length} files`}</span>
          )}
          {!editable && <span className={styles.again}>retrying</span>}
          <span className={styles.agent}>{agentTitle(task.agent)}</span>
          <Buttons {...props} onEdit={() => setEditing(true)} />
        </>
      )}
    </li>
  );
}

const STEPS: Record<string, 1 | -1 | undefined> = { ArrowUp: -1, ArrowDown: 1 };

function Handle({ task, movable, grip, onStep }: QueueRowProps) {
  if (!movable) return null;
  const pressed = (event: React.KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    onStep(step);
  };
  return (
    <button
      type="button"
      className={styles.handle}
      aria-label={`Move “${visible(task.prompt.slice(0, 40))}”: arrow keys, or drag`}
      title="Drag, or use the arrow keys"
      onKeyDown={pressed}
      {...grip}
    >
      <GripVertical aria-hidden />
    </button>
  );
}

function Buttons({ editable, first, stops, onFront, onNow, onDrop, onEdit }: QueueRowProps & { onEdit: () => void }) {
  return (
    <span className={styles.buttons}>
      {editable && !first && <IconButton label="Put first" icon={<ArrowUpToLine />} onClick={onFront} />}
      {editable && stops && <IconButton label="Send now and stop the running turn" icon={<Zap />} onClick={onNow} />}
      {editable && <IconButton label="Edit" icon={<Pencil />} onClick={onEdit} />}
      <IconButton label="Drop" icon={<X />} onClick={onDrop} />
    </span>
  );
}

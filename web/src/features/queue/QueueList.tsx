// The queue above the composer: read, edit, reorder, send now or drop the pending messages.
import { memo, useEffect, useState } from "react";
import type { TaskInfo } from "../../shared/api/generated";
import { type Move, useCancel, useMove, useWaiting } from "../../shared/queue/queries";
import { Failure } from "../../shared/ui/Failure";
import { showError } from "../../shared/ui/Toasts";
import { visible } from "../../shared/text/visible";
import { behind } from "../../shared/queue/order";
import styles from "./QueueList.module.css";
import { QueueRow } from "./QueueRow";
import { useDragOrder } from "./useDragOrder";

interface QueueListProps {
  sessionId: string;
  runningTaskId: string | null;
}

const SOON_MS = 700; // do not flash a task that starts at once

export const QueueList = memo(function QueueList(props: QueueListProps) {
  const { data: tasks = [], error, refetch } = useWaiting(props.sessionId);
  const shown = useLasting(tasks.length > 0, props.runningTaskId !== null);
  if (error && tasks.length === 0) return <Failure error={error} onRetry={refetch} />;
  return shown && tasks.length > 0 ? <List {...props} tasks={tasks} /> : null;
});

function List({ sessionId, runningTaskId, tasks }: QueueListProps & { tasks: TaskInfo[] }) {
  const [announcement, announce] = useState("");
  const move = useMove(sessionId);
  const drop = useCancel();
  const put = (from: number, to: number) => {
    const task = tasks[from];
    if (!task || from === to || to < 0 || to >= tasks.length) return;
    announce(`Moved to place ${to + 1} of ${tasks.length}`);
    void move({ taskId: task.id, before: behind(tasks, from, to) });
  };
  const drag = useDragOrder(tasks.length, put);
  const sendNow = async (wanted: Move) => {
    const done = wanted.before === wanted.taskId || (await move(wanted));
    if (done && runningTaskId) drop.mutate(runningTaskId, { onError: showError });
  };
  const first = tasks.findIndex(neverBegan);
  return (
    <section className={styles.queue} aria-label="Queued messages">
      <h2 className={styles.title}>
        {tasks.length === 1 ? "1 message queued" : `${tasks.length} messages queued`}
        {runningTaskId ? " until this turn ends" : ""}
      </h2>
      {reasons(tasks).map((reason) => (
        <p key={reason} className={styles.waiting}>
          {visible(reason)}
        </p>
      ))}
      <ol className={styles.list}>
        {tasks.map((task, index) => (
          <QueueRow
            key={task.id}
            task={task}
            place={drag.placeOf(index)}
            dragged={drag.from === index}
            movable={neverBegan(task) && tasks.length > 1}
            editable={neverBegan(task)}
            first={index === first}
            stops={runningTaskId !== null}
            grip={drag.grip(index)}
            rowRef={drag.row(index)}
            onStep={(step) => put(index, index + step)}
            onFront={() => put(index, first)}
            onNow={() => void sendNow({ taskId: task.id, before: tasks[first]?.id ?? null })}
            onDrop={() => drop.mutate(task.id, { onError: showError })}
          />
        ))}
      </ol>
      <p className="visually-hidden" role="status">
        {announcement}
      </p>
    </section>
  );
}

/** A task that started and was requeued: its prompt is in the conversation already, and it runs first. */
function neverBegan(task: TaskInfo): boolean {
  return task.epoch === 0;
}

/** Why tasks wait for a host, each reason once. */
function reasons(tasks: TaskInfo[]): string[] {
  return [...new Set(tasks.flatMap((task) => (task.waiting_for ? [`${task.waiting_for.text} ${task.waiting_for.cure}`] : [])))];
}

/** Whether something has been present for a while; immediately if `now`. */
function useLasting(there: boolean, now: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!there) {
      setLasting(false);
      return undefined;
    }
    const timer = setTimeout(() => setLasting(true), SOON_MS);
    return () => clearTimeout(timer);
  }, [there]);
  return lasting || (there && now);
}

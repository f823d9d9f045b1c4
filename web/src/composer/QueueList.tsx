// What waits behind the running turn, above the composer: to be read, edited, put in another order, sent now or dropped.
import { memo, useEffect, useState } from "react";
import type { TaskOut } from "../api/generated";
import { type Move, useCancel, useMove, useWaiting } from "../api/queue";
import { Failure } from "../ui/Failure";
import { complain } from "../ui/Toasts";
import { behind } from "../api/queueOrder";
import styles from "./QueueList.module.css";
import { QueueRow } from "./QueueRow";
import { useDragOrder } from "./useDragOrder";

interface QueueListProps {
  sessionId: string;
  runningTaskId: string | null;
}

const SOON_MS = 700; // a task that is taken at once does not flash up

export const QueueList = memo(function QueueList({ sessionId, runningTaskId }: QueueListProps) {
  const { data: tasks = [], error, refetch } = useWaiting(sessionId);
  const shown = useLasting(tasks.length > 0, runningTaskId !== null);
  if (error && tasks.length === 0) return <Failure error={error} onRetry={refetch} />;
  return shown && tasks.length > 0 ? <List sessionId={sessionId} runningTaskId={runningTaskId} tasks={tasks} /> : null;
});

function List({ sessionId, runningTaskId, tasks }: QueueListProps & { tasks: TaskOut[] }) {
  const [told, tell] = useState("");
  const move = useMove(sessionId);
  const drop = useCancel();
  const put = (from: number, to: number) => {
    const task = tasks[from];
    if (!task || from === to || to < 0 || to >= tasks.length) return;
    tell(`Moved to place ${to + 1} of ${tasks.length}`);
    void move({ taskId: task.id, before: behind(tasks, from, to) });
  };
  const drag = useDragOrder(tasks.length, put);
  const sendNow = async (wanted: Move) => {
    const done = wanted.before === wanted.taskId || (await move(wanted));
    if (done && runningTaskId) drop.mutate(runningTaskId, { onError: complain });
  };
  const first = tasks.findIndex(neverBegan);
  return (
    <section className={styles.queue} aria-label="Waiting messages">
      <h2 className={styles.title}>
        {tasks.length === 1 ? "1 message waits" : `${tasks.length} messages wait`}
        {runningTaskId ? " for the end of this turn" : ""}
      </h2>
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
            onDrop={() => drop.mutate(task.id, { onError: complain })}
          />
        ))}
      </ol>
      <p className="visually-hidden" role="status">
        {told}
      </p>
    </section>
  );
}

/** One that began and was given back has its prompt in the conversation already, and goes first. */
function neverBegan(task: TaskOut): boolean {
  return task.epoch === 0;
}

/** Whether something is there for longer than a moment; at once where `now`. */
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

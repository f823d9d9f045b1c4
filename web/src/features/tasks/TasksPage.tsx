// All tasks of all projects, by state.
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { useState } from "react";
import { Link } from "wouter";
import { useAllProjects, useProjects } from "../../shared/api/queries";
import { useRunningSessions } from "../../shared/api/sessions";
import { useTaskCounts, useTaskPages } from "../../shared/api/tasks";
import { LoadMore } from "../../shared/ui/LoadMore";
import { useCancel } from "../../shared/queue/queries";
import type { TaskInfo } from "../../shared/api/generated";
import { useSessionStatus } from "../../shared/session/useSessionStatus";
import { age, count, duration } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import { PageHeader } from "../../shared/ui/PageHeader";
import { showError } from "../../shared/ui/Toasts";
import styles from "./TasksPage.module.css";
import { UsageTable } from "./UsageTable";

const COLUMNS = ["Waiting for you", "Running", "Queued", "Ended"] as const;
type Column = (typeof COLUMNS)[number];

const EMPTY: Record<Column, string> = {
  "Waiting for you": "No open requests.",
  Running: "No running tasks.",
  Queued: "No queued tasks.",
  Ended: "No ended tasks.",
};

const RUNNING = ["running"] as const;
const QUEUED = ["pending"] as const;
const ENDED = ["completed", "failed", "cancelled", "interrupted", "timed_out"] as const;
const NONE: readonly TaskInfo[] = [];

export default function TasksPage({ onMenu }: { onMenu: () => void }) {
  const { data: projects = [] } = useProjects();
  const [project, setProject] = useState("");
  const waiting = useTaskPages(RUNNING, project, true);
  const running = useTaskPages(RUNNING, project, false);
  const queued = useTaskPages(QUEUED, project);
  const ended = useTaskPages(ENDED, project);
  const { data: counts } = useTaskCounts(project);
  const columns: Record<Column, ColumnProps> = {
    "Waiting for you": { pages: waiting, tasks: waiting.tasks ?? NONE, count: counts?.waiting },
    Running: { pages: running, tasks: running.tasks ?? NONE, count: counts?.running },
    Queued: { pages: queued, tasks: queued.tasks ?? NONE, count: counts?.pending },
    Ended: { pages: ended, tasks: ended.tasks ?? NONE, count: counts?.ended },
  };
  const all = [waiting, running, queued, ended];
  const error = all.find((one) => one.error)?.error;
  const loaded = all.every((one) => one.tasks);
  return (
    <>
      <PageHeader title="Tasks" onMenu={onMenu}>
        <label className={styles.filter}>
          <span className="visually-hidden">Project</span>
          <select value={project} onChange={(event) => setProject(event.target.value)}>
            <option value="">All projects</option>
            {projects.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      </PageHeader>
      <div className={styles.page}>
        <div className={styles.board}>
          {!loaded && !error && <Loading />}
          {error && <Failure error={error} onRetry={() => Promise.all(all.map((one) => one.refetch()))} />}
          {loaded && COLUMNS.map((name) => <TaskColumn key={name} name={name} {...columns[name]} />)}
        </div>
        <UsageTable />
      </div>
    </>
  );
}

interface ColumnProps {
  pages: ReturnType<typeof useTaskPages>;
  tasks: readonly TaskInfo[];
  /** Of all tasks in this column, also those that are not loaded yet. */
  count: number | undefined;
}

function TaskColumn({ name, pages, tasks, count }: ColumnProps & { name: Column }) {
  const { data: projects = [] } = useAllProjects();
  return (
    <section className={styles.column} aria-label={name}>
      <h2>
        {name} <span>{(count ?? tasks.length).toLocaleString()}</span>
      </h2>
      {tasks.length === 0 && <p className={styles.empty}>{EMPTY[name]}</p>}
      <ul data-scroll>
        {tasks.map((task) => (
          <Task key={task.id} task={task} project={projects.find((one) => one.id === task.project_id)?.name ?? ""} />
        ))}
        {pages.hasNextPage && (
          <li>
            <LoadMore busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />
          </li>
        )}
      </ul>
    </section>
  );
}

function Task({ task, project }: { task: TaskInfo; project: string }) {
  const cancel = useCancel();
  const agentTitle = useAgentTitle();
  const { data: sessions } = useRunningSessions();
  const { silentS, words } = useSessionStatus(sessions?.find((one) => one.running_task_id === task.id));
  const live = task.state === "pending" || task.state === "running";
  const seconds = task.started_at && task.ended_at ? (Date.parse(task.ended_at) - Date.parse(task.started_at)) / 1000 : 0;
  const usage = task.usage;
  const facts = [
    project,
    agentTitle(task.agent),
    task.model,
    live ? age(new Date(task.created_at)) : `${task.state.replace("_", " ")}${seconds ? ` in ${duration(seconds)}` : ""}`,
    usage && usage.output_tokens > 0 ? `${count(usage.input_tokens + usage.output_tokens)} tokens` : "",
    usage?.cost_usd ? `$${usage.cost_usd.toFixed(2)}` : "",
  ].filter(Boolean);
  return (
    <li className={styles.task} data-state={task.state}>
      <Link href={`/sessions/${task.session_id}`}>{visible(task.prompt.trim().split("\n")[0] ?? "").slice(0, 140)}</Link>
      <p>{visible(facts.join(" · "))}</p>
      {silentS > 0 && <p className={styles.silent}>{words}</p>}
      {task.waiting_for && <p className={styles.silent}>{visible(`${task.waiting_for.text} ${task.waiting_for.cure}`)}</p>}
      {task.error_text && <p className={styles.error}>{visible(task.error_text)}</p>}
      {live && (
        <Button small kind="quiet" disabled={cancel.isPending || task.cancel_requested_at !== null} onClick={() => cancel.mutate(task.id, { onError: showError })}>
          {task.cancel_requested_at ? "Stopping…" : task.state === "running" ? "Stop" : "Drop"}
        </Button>
      )}
    </li>
  );
}

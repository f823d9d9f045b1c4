// All tasks over all projects: what waits, runs, asks and has ended.
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useEveryProject, useProjects, useSessions, useTasks } from "../api/queries";
import { useCancel } from "../api/queue";
import type { TaskOut } from "../api/generated";
import { useDoing } from "../sidebar/useDoing";
import { age, count, duration } from "../text/times";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageHead } from "../ui/PageHead";
import { complain } from "../ui/Toasts";
import styles from "./BoardPage.module.css";
import { UsageTable } from "./UsageTable";

const COLUMNS = ["Waiting for you", "Running", "Queued", "Ended"] as const;
type Column = (typeof COLUMNS)[number];

const EMPTY: Record<Column, string> = {
  "Waiting for you": "No agent asks you anything.",
  Running: "No agent works now.",
  Queued: "Nothing waits its turn.",
  Ended: "What has ended is listed here.",
};

function columnOf(task: TaskOut): Column {
  if (task.state === "pending") return "Queued";
  if (task.state !== "running") return "Ended";
  return task.open_requests > 0 ? "Waiting for you" : "Running";
}

export default function BoardPage({ onMenu }: { onMenu: () => void }) {
  const { data: tasks, error, refetch } = useTasks();
  const { data: projects = [] } = useProjects();
  const { data: every = [] } = useEveryProject();
  const [project, setProject] = useState("");
  const columns = useMemo(() => {
    const groups = new Map<Column, TaskOut[]>(COLUMNS.map((one) => [one, []]));
    for (const task of tasks ?? []) if (!project || task.project_id === project) groups.get(columnOf(task))?.push(task);
    return groups;
  }, [tasks, project]);
  return (
    <>
      <PageHead title="Tasks" onMenu={onMenu}>
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
      </PageHead>
      <div className={styles.page}>
        <div className={styles.board}>
          {!tasks && !error && <Loading />}
          {error && <Failure error={error} onRetry={refetch} />}
          {tasks &&
            COLUMNS.map((name) => (
              <section key={name} className={styles.column} aria-label={name}>
                <h2>
                  {name} <span>{columns.get(name)?.length ?? 0}</span>
                </h2>
                {columns.get(name)?.length === 0 && <p className={styles.empty}>{EMPTY[name]}</p>}
                <ul>
                  {columns.get(name)?.map((task) => (
                    <Task key={task.id} task={task} project={every.find((one) => one.id === task.project_id)?.name ?? ""} />
                  ))}
                </ul>
              </section>
            ))}
        </div>
        <UsageTable />
      </div>
    </>
  );
}

function Task({ task, project }: { task: TaskOut; project: string }) {
  const cancel = useCancel();
  const { data: sessions } = useSessions();
  const { silentS, words } = useDoing(sessions?.find((one) => one.running_task_id === task.id));
  const live = task.state === "pending" || task.state === "running";
  const seconds = task.started_at && task.ended_at ? (Date.parse(task.ended_at) - Date.parse(task.started_at)) / 1000 : 0;
  const usage = task.usage;
  const facts = [
    project,
    task.agent,
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
      {task.error_text && <p className={styles.error}>{visible(task.error_text)}</p>}
      {live && (
        <Button small kind="quiet" disabled={cancel.isPending || task.cancel_requested_at !== null} onClick={() => cancel.mutate(task.id, { onError: complain })}>
          {task.cancel_requested_at ? "Stopping…" : task.state === "running" ? "Stop" : "Drop"}
        </Button>
      )}
    </li>
  );
}

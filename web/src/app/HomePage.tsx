// The start page: choose a project, describe the work, and start a session.
import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import type { StartInput } from "../shared/api/generated";
import { usePreparedSession } from "../shared/api/prepare";
import { useProjects } from "../shared/api/queries";
import { useRecentSessions } from "../shared/api/sessions";
import { Composer } from "../features/composer/Composer";
import { StartPicker, startOf } from "../features/composer/pickers/StartPicker";
import { SessionRow } from "../features/sidebar/SessionRow";
import { Failure } from "../shared/ui/Failure";
import { Loading } from "../shared/ui/Loading";
import { PageHeader } from "../shared/ui/PageHeader";
import { AddProject } from "../features/projects/AddProject";
import { FirstRun } from "../features/projects/FirstRun";
import styles from "./HomePage.module.css";

const LAST = "boocoder.project";

export function HomePage({ onMenu }: { onMenu: () => void }) {
  const { data: projects, error, refetch } = useProjects();
  return (
    <>
      <PageHeader title="New session" onMenu={onMenu} />
      <div className={styles.page}>
        {!projects ? error ? <Failure error={error} onRetry={refetch} /> : <Loading /> : projects.length ? <Begin /> : <FirstRun />}
      </div>
    </>
  );
}

function Begin() {
  const { data: projects = [] } = useProjects();
  const [, go] = useLocation();
  const [start, setStart] = useState<StartInput>({});
  const [picked, setPicked] = useState(() => localStorage.getItem(LAST) ?? "");
  const named = new URLSearchParams(useSearch()).get("project");
  useEffect(() => {
    if (named) setPicked(named);
  }, [named]);
  const project = projects.find((one) => one.id === picked) ?? projects[0];
  const target = useMemo(() => ({ projectId: project?.id }), [project?.id]);
  useEffect(() => {
    if (project) localStorage.setItem(LAST, project.id);
  }, [project]);
  usePreparedSession(project?.id);
  return (
    <div className={styles.begin}>
      <h2>What should be done?</h2>
      <Composer key={project?.id} target={target} start={startOf(start)} runningTaskId={null} autoFocus onSent={(sent) => go(`/sessions/${sent.session_id}`)}>
        <label className={styles.project}>
          <span className="visually-hidden">Project</span>
          <select value={project?.id} onChange={(event) => setPicked(event.target.value)}>
            {projects.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <StartPicker projectId={project?.id} start={start} onStart={setStart} />
      </Composer>
      <details className={styles.add}>
        <summary>Add a project</summary>
        <AddProject onAdded={setPicked} />
      </details>
      <Recent />
    </div>
  );
}

const RECENT = 6;

/** The most recent sessions. */
function Recent() {
  const { data: sessions = [] } = useRecentSessions();
  const newest = sessions.slice(0, RECENT);
  if (newest.length === 0) return null;
  return (
    <section className={styles.recent} aria-label="Recent sessions">
      <h3>Recent sessions</h3>
      <ul>
        {newest.map((one) => (
          <li key={one.id}>
            <SessionRow session={one} onChosen={() => undefined} />
          </li>
        ))}
      </ul>
    </section>
  );
}

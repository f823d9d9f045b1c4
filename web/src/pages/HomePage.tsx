// Where one begins: choose a project, say what to do, and a session is made for it.
import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import type { StartInput } from "../api/generated";
import { useProjects, useSessions } from "../api/queries";
import { Composer } from "../composer/Composer";
import { StartPicker, startOf } from "../composer/StartPicker";
import { SessionRow } from "../sidebar/SessionRow";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageHead } from "../ui/PageHead";
import { AddProject } from "./AddProject";
import { FirstRun } from "./FirstRun";
import styles from "./HomePage.module.css";

const LAST = "boocoder.project";

export function HomePage({ onMenu }: { onMenu: () => void }) {
  const { data: projects, error, refetch } = useProjects();
  return (
    <>
      <PageHead title="New session" onMenu={onMenu} />
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

/** What was touched last, to go on with it. */
function Recent() {
  const { data: sessions = [] } = useSessions();
  const newest = useMemo(() => [...sessions].sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1)).slice(0, RECENT), [sessions]);
  if (newest.length === 0) return null;
  return (
    <section className={styles.recent} aria-label="Go on with">
      <h3>Go on with</h3>
      <ul>
        {newest.map((one) => (
          <SessionRow key={one.id} session={one} onChosen={() => undefined} />
        ))}
      </ul>
    </section>
  );
}

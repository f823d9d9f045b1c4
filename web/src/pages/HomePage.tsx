// Where one begins: choose a project, say what to do, and a session is made for it.
import { useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/client";
import { useAction, useProjects } from "../api/queries";
import { Composer } from "../composer/Composer";
import { Button } from "../ui/Button";
import { Loading } from "../ui/Loading";
import { PageHead } from "../ui/PageHead";
import { complain } from "../ui/Toasts";
import styles from "./HomePage.module.css";

const LAST = "boocoder.project";

export function HomePage({ onMenu }: { onMenu: () => void }) {
  const { data: projects, isPending } = useProjects();
  return (
    <>
      <PageHead title="New session" onMenu={onMenu} />
      <div className={styles.page}>
        {isPending ? <Loading /> : projects?.length ? <Begin /> : <FirstProject />}
      </div>
    </>
  );
}

function Begin() {
  const { data: projects = [] } = useProjects();
  const [, go] = useLocation();
  const [picked, setPicked] = useState(() => localStorage.getItem(LAST) ?? "");
  const project = projects.find((one) => one.id === picked) ?? projects[0];
  const target = useMemo(() => ({ projectId: project?.id }), [project?.id]);
  useEffect(() => {
    if (project) localStorage.setItem(LAST, project.id);
  }, [project]);
  return (
    <div className={styles.begin}>
      <h2>What should be done?</h2>
      <Composer key={project?.id} target={target} runningTaskId={null} autoFocus onSent={(sent) => go(`/sessions/${sent.session_id}`)}>
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
      </Composer>
      <details className={styles.add}>
        <summary>Add a project</summary>
        <AddProject onAdded={setPicked} />
      </details>
    </div>
  );
}

function FirstProject() {
  return (
    <div className={styles.begin}>
      <h2>Add your first project</h2>
      <p>A project is a git repository on the machine where boocoder runs. Agents work in copies of it; your files change only when you apply what they did.</p>
      <AddProject onAdded={() => undefined} />
    </div>
  );
}

function AddProject({ onAdded }: { onAdded: (projectId: string) => void }) {
  const [path, setPath] = useState("");
  const add = useAction((wanted: string) => call("POST /api/projects", { body: { path: wanted } }), ["projects"]);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    add.mutate(path.trim(), {
      onSuccess: (project) => {
        setPath("");
        onAdded(project.id);
      },
      onError: complain,
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label>
        Directory of the repository
        <input value={path} placeholder="/home/you/project" spellCheck={false} onChange={(event) => setPath(event.target.value)} />
      </label>
      <Button type="submit" kind="primary" disabled={!path.trim() || add.isPending}>
        Add
      </Button>
    </form>
  );
}

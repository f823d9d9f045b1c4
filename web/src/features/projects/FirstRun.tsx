// The start page without a project: three steps to the first session, and the demo beside them.
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { call } from "../../shared/api/client";
import { useAction } from "../../shared/api/queries";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import { AddProject } from "./AddProject";
import { FirstAgents } from "./FirstAgents";
import styles from "./FirstRun.module.css";

export function FirstRun() {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h2>Welcome to boocoder</h2>
        <p>It gives work to the coding agents on this machine. Your files change only when you apply what an agent did.</p>
      </header>
      <div className={styles.steps}>
        <Step title="1. Add a project">
          <p>A git repository on the machine where boocoder runs.</p>
          <AddProject onAdded={() => undefined} />
        </Step>
        <Step title="2. Get an agent ready">
          <FirstAgents />
        </Step>
        <Step title="3. Describe a task">
          <p>The page asks for it as soon as a project is added. Each session works on its own copy of the project.</p>
        </Step>
      </div>
      <Step title="Or try the demo">
        <p>A small repository and a scripted agent, which needs no model, account or key. It shows a whole turn: a question, a change, the review.</p>
        <Demo />
      </Step>
    </div>
  );
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.step} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Demo() {
  const [, go] = useLocation();
  const start = useAction(startDemo, ["projects", "sessions", "agents", "tasks"]);
  return (
    <Button disabled={start.isPending} onClick={() => start.mutate(undefined, { onSuccess: (id) => go(`/sessions/${id}`), onError: showError })}>
      {start.isPending ? "Making the demo…" : "Try the demo"}
    </Button>
  );
}

/** Create the demo project and its first task; returns the session's id. */
async function startDemo(): Promise<string> {
  const { project, agent, title, prompt } = await call("POST /api/demo", {});
  const sent = await call("POST /api/tasks", { body: { project_id: project.id, agent, title, prompt } });
  return sent.session_id;
}

// What somebody sees who has no project yet: which agents are there, and two ways to begin.
import { useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { call } from "../api/client";
import { useAction, useAgents } from "../api/queries";
import type { AgentOut } from "../api/generated";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { complain } from "../ui/Toasts";
import { AddProject } from "./AddProject";
import styles from "./FirstRun.module.css";

export function FirstRun() {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h2>Welcome to boocoder</h2>
        <p>
          It gives work to the coding agents on this machine. Each session has its own copy of your project; you watch, answer and review, and your files
          change only when you apply what was done.
        </p>
      </header>
      <Step title="Agents on this machine">
        <Agents />
      </Step>
      <Step title="Add your repository">
        <p>A project is a git repository on the machine where boocoder runs.</p>
        <AddProject onAdded={() => undefined} />
      </Step>
      <Step title="Or look around first">
        <p>
          The demo is a small repository that boocoder makes among its own files, and a scripted agent. The scripted agent is no AI and needs no model, account
          or key: it plays back what its prompt says, so that you see a whole turn with its question, its change and the review.
        </p>
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
    <Button disabled={start.isPending} onClick={() => start.mutate(undefined, { onSuccess: (id) => go(`/sessions/${id}`), onError: complain })}>
      {start.isPending ? "Making the demo…" : "Try the demo"}
    </Button>
  );
}

/** Make the project and give it its first task; the session's id. */
async function startDemo(): Promise<string> {
  const { project, agent, title, prompt } = await call("POST /api/demo", {});
  const sent = await call("POST /api/tasks", { body: { project_id: project.id, agent, title, prompt } });
  return sent.session_id;
}

function Agents() {
  const { data: agents, error, refetch } = useAgents();
  const [wanted, showAll] = useState<boolean | null>(null);
  if (error) return <Failure error={error} onRetry={refetch} />;
  if (!agents) return <Loading what="Looking for agents" />;
  const here = agents.filter((one) => one.state !== "unavailable");
  const missing = agents.filter((one) => one.state === "unavailable");
  const ready = here.some((one) => one.state === "ready");
  const all = wanted ?? !(ready || here.some((one) => one.state === "loading"));
  return (
    <>
      {!ready && <p>None is ready yet. Install one, or set up a model server for the native agent.</p>}
      <ul className={styles.agents}>
        {[...here, ...(all ? missing : [])].map((one) => (
          <Agent key={one.name} agent={one} />
        ))}
      </ul>
      <p className={styles.more}>
        {missing.length > 0 && (
          <Button small kind="quiet" aria-expanded={all} onClick={() => showAll(!all)}>
            {all ? "Hide" : "Show"} {missing.length} that {missing.length === 1 ? "is" : "are"} not ready
          </Button>
        )}
        <Link href="/agents">All about them</Link>
      </p>
    </>
  );
}

const STATES = { ready: "ready", loading: "being asked…", unavailable: "not there", error: "does not work" } as const;

function Agent({ agent }: { agent: AgentOut }) {
  const command = agent.state === "unavailable" ? agent.install : agent.signed_in === false ? agent.login : "";
  return (
    <li data-state={agent.state}>
      <span className={styles.name}>{visible(agent.title || agent.name)}</span>
      <span className={styles.state}>
        {STATES[agent.state]}
        {agent.signed_in === false && ", not signed in"}
      </span>
      {agent.state !== "ready" && (agent.cure || agent.reason) && <span className={styles.cure}>{visible(agent.cure || agent.reason)}</span>}
      {command && (
        <span className={styles.command}>
          <code>{visible(command)}</code>
          <CopyButton text={command} what="command" />
        </span>
      )}
    </li>
  );
}

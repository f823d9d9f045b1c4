// The agents: what is installed, what each one offers, and how to fix the others.
import { RefreshCw } from "lucide-react";
import { CommandLine } from "../../shared/agents/CommandLine";
import { call } from "../../shared/api/client";
import { useAction, useAgents } from "../../shared/api/queries";
import { agentState } from "../../shared/agents/agentState";
import type { AgentInfo } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import { PageHeader } from "../../shared/ui/PageHeader";
import { showError } from "../../shared/ui/Toasts";
import styles from "./AgentsPage.module.css";

const TRANSPORTS = { builtin: "built in", acp: "over ACP", server: "as a server", oneshot: "a process per turn", stream: "over standard input" } as const;

export default function AgentsPage({ onMenu }: { onMenu: () => void }) {
  const { data: agents, error, refetch } = useAgents();
  const probe = useAction((names: string[] | null) => call("POST /api/agents/probe", { body: { agents: names } }), ["agents"]);
  const ready = agents?.filter((one) => one.state === "ready" || one.state === "loading") ?? [];
  const others = agents?.filter((one) => one.state === "error" || one.state === "unavailable") ?? [];
  return (
    <>
      <PageHeader title="Agents" onMenu={onMenu}>
        <Button small icon={<RefreshCw />} disabled={probe.isPending} onClick={() => probe.mutate(null, { onError: showError })}>
          {probe.isPending ? "Checking all…" : "Check all again"}
        </Button>
      </PageHeader>
      <div className={styles.page}>
        {!agents && !error && <Loading what="Looking for agents" />}
        {error && <Failure error={error} onRetry={refetch} />}
        {ready.length > 0 && <h2 className={styles.heading}>Ready</h2>}
        <ul className={styles.list}>
          {ready.map((one) => (
            <Agent key={one.name} agent={one} busy={probe.isPending} onProbe={() => probe.mutate([one.name], { onError: showError })} />
          ))}
        </ul>
        {others.length > 0 && <h2 className={styles.heading}>Not available</h2>}
        <ul className={styles.list}>
          {others.map((one) => (
            <Agent key={one.name} agent={one} busy={probe.isPending} onProbe={() => probe.mutate([one.name], { onError: showError })} />
          ))}
        </ul>
      </div>
    </>
  );
}

function Agent({ agent, busy, onProbe }: { agent: AgentInfo; busy: boolean; onProbe: () => void }) {
  const facts = [agent.transport !== "builtin" && agent.version, agent.transport && TRANSPORTS[agent.transport], agent.signed_in === false && "not signed in", agent.program].filter(Boolean);
  return (
    <li className={styles.agent} data-state={agent.state}>
      <header>
        <h3>{visible(agent.title || agent.name)}</h3>
        <span className={styles.state}>{agentState(agent)}</span>
        <Button small kind="quiet" disabled={busy} onClick={onProbe}>
          Check again
        </Button>
      </header>
      {facts.length > 0 && <p className={styles.facts}>{visible(facts.join(" · "))}</p>}
      {agent.reason && <p>{visible(agent.reason)}</p>}
      {agent.cure && !(agent.install && agent.cure.includes(agent.install)) && <p className={styles.cure}>{visible(agent.cure)}</p>}
      {agent.state !== "ready" && agent.install && <CommandLine title="Install" command={agent.install} />}
      {agent.signed_in === false && agent.login && <CommandLine title="Sign in" command={agent.login} />}
      <Offer title="Models" values={agent.models} />
      <Offer title="Modes" values={agent.modes} />
      <Offer title="Thinking" values={agent.thinking} />
      <Offer title="Commands" values={agent.commands.map((one) => `/${one.name}`)} />
    </li>
  );
}

const SHOWN = 6;

function Offer({ title, values }: { title: string; values: readonly string[] }) {
  if (values.length === 0) return null;
  const few = values.slice(0, SHOWN).map(visible).join(", ");
  if (values.length <= SHOWN) {
    return (
      <p className={styles.offer}>
        <span>{title}</span> {few}
      </p>
    );
  }
  return (
    <details className={styles.offer}>
      <summary>
        <span>{title}</span> {few} and {values.length - SHOWN} more
      </summary>
      {values.slice(SHOWN).map(visible).join(", ")}
    </details>
  );
}

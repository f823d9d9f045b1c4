// What is installed, what each agent offers, and what is wrong with the others and how to mend it.
import { RefreshCw } from "lucide-react";
import { call } from "../api/client";
import { useAction, useAgents } from "../api/queries";
import type { AgentOut } from "../api/generated";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { PageHead } from "../ui/PageHead";
import { complain } from "../ui/Toasts";
import styles from "./AgentsPage.module.css";

const STATES = { ready: "ready", loading: "being asked…", unavailable: "not installed", error: "does not work" } as const;

export default function AgentsPage({ onMenu }: { onMenu: () => void }) {
  const { data: agents, error, refetch } = useAgents();
  const probe = useAction((names: string[] | null) => call("POST /api/agents/probe", { body: { agents: names } }), ["agents"]);
  const ready = agents?.filter((one) => one.state === "ready" || one.state === "loading") ?? [];
  const others = agents?.filter((one) => one.state === "error" || one.state === "unavailable") ?? [];
  return (
    <>
      <PageHead title="Agents" onMenu={onMenu}>
        <Button small icon={<RefreshCw />} disabled={probe.isPending} onClick={() => probe.mutate(null, { onError: complain })}>
          {probe.isPending ? "Asking all…" : "Ask all again"}
        </Button>
      </PageHead>
      <div className={styles.page}>
        {!agents && !error && <Loading what="Looking for agents" />}
        {error && <Failure error={error} onRetry={refetch} />}
        {ready.length > 0 && <h2 className={styles.heading}>Ready</h2>}
        <ul className={styles.list}>
          {ready.map((one) => (
            <Agent key={one.name} agent={one} busy={probe.isPending} onProbe={() => probe.mutate([one.name], { onError: complain })} />
          ))}
        </ul>
        {others.length > 0 && <h2 className={styles.heading}>Not available</h2>}
        <ul className={styles.list}>
          {others.map((one) => (
            <Agent key={one.name} agent={one} busy={probe.isPending} onProbe={() => probe.mutate([one.name], { onError: complain })} />
          ))}
        </ul>
      </div>
    </>
  );
}

function Agent({ agent, busy, onProbe }: { agent: AgentOut; busy: boolean; onProbe: () => void }) {
  const facts = [agent.version, agent.transport && `by ${agent.transport}`, agent.signed_in === false && "not signed in", agent.program].filter(Boolean);
  return (
    <li className={styles.agent} data-state={agent.state}>
      <header>
        <h3>{visible(agent.title || agent.name)}</h3>
        <span className={styles.state}>{STATES[agent.state]}</span>
        <Button small kind="quiet" disabled={busy} onClick={onProbe}>
          Ask again
        </Button>
      </header>
      {facts.length > 0 && <p className={styles.facts}>{visible(facts.join(" · "))}</p>}
      {agent.reason && <p>{visible(agent.reason)}</p>}
      {agent.cure && <p className={styles.cure}>{visible(agent.cure)}</p>}
      {agent.state !== "ready" && agent.install && <Command title="Install" command={agent.install} />}
      {agent.signed_in === false && agent.login && <Command title="Sign in" command={agent.login} />}
      <Offer title="Models" values={agent.models} />
      <Offer title="Modes" values={agent.modes} />
      <Offer title="Thinking" values={agent.thinking} />
      <Offer title="Commands" values={agent.commands.map((one) => `/${one.name}`)} />
    </li>
  );
}

function Command({ title, command }: { title: string; command: string }) {
  return (
    <p className={styles.command}>
      {title}: <code>{visible(command)}</code>
      <CopyButton text={command} what="command" />
    </p>
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

// The agents on the start page: those that are ready, a few that are quickly installed, the others folded.
import { Link } from "wouter";
import { CommandLine } from "../../shared/agents/CommandLine";
import { agentState } from "../../shared/agents/agentState";
import type { AgentInfo } from "../../shared/api/generated";
import { useAgents } from "../../shared/api/queries";
import { FoundServers } from "./FoundServers";
import { visible } from "../../shared/text/visible";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import styles from "./FirstRun.module.css";

const SUGGESTED = ["claude", "codex", "opencode"];

export function FirstAgents() {
  const { data: agents, error, refetch } = useAgents();
  if (error) return <Failure error={error} onRetry={refetch} />;
  if (!agents) return <Loading what="Looking for agents" />;
  const here = agents.filter((one) => one.state === "ready" || one.state === "loading");
  const suggested = here.length > 0 ? [] : agents.filter((one) => SUGGESTED.includes(one.name));
  const others = agents.filter((one) => !here.includes(one) && !suggested.includes(one));
  return (
    <>
      {here.length === 0 && (
        <p>
          No agent is installed. Install one of these, or <Link href="/settings">add a model server</Link> for the built-in agent.
        </p>
      )}
      <AgentRows agents={[...here, ...suggested]} />
      <FoundServers />
      {others.length > 0 && (
        <details>
          <summary>{others.length} more agents</summary>
          <AgentRows agents={others} />
        </details>
      )}
      <Link href="/agents">All agents</Link>
    </>
  );
}

function AgentRows({ agents }: { agents: readonly AgentInfo[] }) {
  return (
    <ul className={styles.agents}>
      {agents.map((agent) => (
        <li key={agent.name} data-state={agent.state}>
          <span className={styles.name}>{visible(agent.title || agent.name)}</span>
          <span className={styles.state}>
            {agentState(agent)}
            {agent.signed_in === false && ", not signed in"}
          </span>
          <NextStep agent={agent} />
        </li>
      ))}
    </ul>
  );
}

/** What makes an agent ready, said once. */
function NextStep({ agent }: { agent: AgentInfo }) {
  if (agent.state === "unavailable" && agent.install) {
    return (
      <span className={styles.cure}>
        <CommandLine title="Install" command={agent.install} />
      </span>
    );
  }
  if (agent.signed_in === false && agent.login) {
    return (
      <span className={styles.cure}>
        <CommandLine title="Sign in" command={agent.login} />
      </span>
    );
  }
  const words = agent.state === "ready" ? "" : agent.cure || agent.reason;
  return words ? <span className={styles.cure}>{visible(words)}</span> : null;
}

// The MCP servers of the service's settings: which agents get each, and why others do not.
import { useAgents } from "../../shared/api/queries";
import type { AgentInfo, McpServerUse } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import styles from "./SettingsPage.module.css";

export function McpServers() {
  const { data: agents, error } = useAgents();
  if (error) return <p className={styles.warning}>{error.message}</p>;
  const servers = [...serversOf(agents ?? [])];
  return (
    <>
      {servers.map(([name, uses]) => (
        <div key={name} className={styles.server}>
          {visible(name)}
          <span className={styles.aside}> {uses[0]?.use.transport === "http" ? "over HTTP" : "a program"}</span>
          <ul>
            {uses.map(({ agent, use }) => (
              <li key={agent.name}>
                {visible(agent.title || agent.name)}: {use.given ? "gets it" : `does not get it. ${visible(use.reason)}`}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {servers.length === 0 && agents && <p className={styles.note}>No agent gets one.</p>}
    </>
  );
}

interface Use {
  agent: AgentInfo;
  use: McpServerUse;
}

/** Per server, the agents that know of it. */
function serversOf(agents: readonly AgentInfo[]): Map<string, Use[]> {
  const servers = new Map<string, Use[]>();
  for (const agent of agents) {
    for (const use of agent.mcp_servers) servers.set(use.name, [...(servers.get(use.name) ?? []), { agent, use }]);
  }
  return servers;
}

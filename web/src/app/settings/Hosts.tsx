// The machines that work on this database, and what each is doing.
import { useQuery } from "@tanstack/react-query";
import { call, type Answer } from "../../shared/api/client";
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { visible } from "../../shared/text/visible";
import styles from "./SettingsPage.module.css";

type Host = Answer<"GET /api/hosts">[number];

export function Hosts() {
  const { data: hosts, error } = useQuery({ queryKey: ["hosts"], queryFn: ({ signal }) => call("GET /api/hosts", {}, { signal }) });
  const agentTitle = useAgentTitle();
  if (error) return <p className={styles.warning}>{error.message}</p>;
  return (
    <>
      {hosts?.map((host) => (
        <div key={host.id} className={styles.row}>
          <span>
            {visible(host.name)}
            <span className={styles.aside}> {factsOf(host, agentTitle)}</span>
          </span>
          <span className={styles.aside}>{host.alive ? "running" : "not running"}</span>
        </div>
      ))}
    </>
  );
}

function factsOf(host: Host, agentTitle: (name: string) => string): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  return [
    host.current ? "this one" : "",
    count(host.sessions, "session"),
    host.running_tasks ? `${count(host.running_tasks, "task")} running` : "",
    host.pending_tasks ? `${count(host.pending_tasks, "task")} waiting` : "",
    host.agents.length ? `agents: ${host.agents.map((one) => visible(agentTitle(one))).join(", ")}` : "no agents",
  ]
    .filter(Boolean)
    .join(" · ");
}

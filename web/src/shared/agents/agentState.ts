// The state of an agent in words; one that is part of boocoder is never "not installed".
import type { AgentInfo } from "../api/generated";

const STATES = { ready: "ready", loading: "checking…", unavailable: "not installed", error: "does not work" } as const;

export function agentState(agent: Pick<AgentInfo, "state" | "transport">): string {
  return agent.state === "unavailable" && agent.transport === "builtin" ? "needs a model server" : STATES[agent.state];
}

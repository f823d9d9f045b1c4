// The name of an agent for people: `native` is what commands and files call it.
import { useCallback } from "react";
import { useAgents } from "../api/queries";

/** Names an agent as the agents page does; by its own name while the agents are not known. */
export function useAgentTitle(): (name: string) => string {
  const { data: agents } = useAgents();
  return useCallback((name: string) => agents?.find((one) => one.name === name)?.title || name, [agents]);
}

// What stands behind "/": what the agent offered in this chat, else what the catalogue knows of the chosen agent.
import { useMemo } from "react";
import { useAgents } from "../api/queries";
import type { AgentCommands } from "../api/generated";
import type { Command } from "./SlashMenu";

const NONE: readonly Command[] = [];

/**
 * @param offered by an agent in this chat; undefined before its first turn.
 * @param agent that the next message goes to.
 */
export function useCommands(offered: AgentCommands | undefined, agent: string | null): readonly Command[] {
  const { data: agents } = useAgents();
  return useMemo(() => {
    const found = offered?.agent === agent ? offered : agents?.find((one) => one.name === agent);
    return found?.commands ?? NONE;
  }, [offered, agents, agent]);
}

// Slash commands: those offered by the agent in this chat, else those in the catalogue.
import { useMemo } from "react";
import { useAgents } from "../../../shared/api/queries";
import type { AgentCommandsFrame } from "../../../shared/api/generated";
import type { Command } from "./SlashMenu";

const NONE: readonly Command[] = [];

/**
 * @param offered commands of an agent in this chat; undefined before its first turn.
 * @param agent the next message goes to.
 */
export function useCommands(offered: AgentCommandsFrame | undefined, agent: string | null): readonly Command[] {
  const { data: agents } = useAgents();
  return useMemo(() => {
    const found = offered?.agent === agent ? offered : agents?.find((one) => one.name === agent);
    return found?.commands ?? NONE;
  }, [offered, agents, agent]);
}

// What stands behind "/": what the agent offered in this chat, else what the catalogue knows of the chosen agent.
import { useMemo } from "react";
import { useAgents } from "../api/queries";
import type { Command } from "./SlashMenu";

const NONE: readonly Command[] = [];

/**
 * @param offered by the agent in this chat; undefined before its first turn.
 * @param agent that the next message goes to.
 */
export function useCommands(offered: readonly Command[] | undefined, agent: string | null): readonly Command[] {
  const { data: agents } = useAgents();
  return useMemo(() => offered ?? agents?.find((one) => one.name === agent)?.commands ?? NONE, [offered, agents, agent]);
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { AgentState, Transport } from "./words";

/** A slash command of an agent. */
export interface AgentCommandOut {
  name: string;
  description: string;
}

/** An agent of this host. */
export interface AgentOut {
  name: string;
  title: string;
  backend: string;
  transport: Transport | null;
  state: AgentState;
  tried: boolean;
  signed_in: boolean | null;
  reason: string;
  cure: string;
  version: string;
  program: string;
  models: string[];
  default_model: string | null;
  modes: string[];
  default_mode: string | null;
  thinking: string[];
  commands: AgentCommandOut[];
  install: string;
  login: string;
  changed_at: string | null;
}

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { RuleFileUse } from "./words";

/** What confines an agent's processes. */
export interface SandboxInUse {
  profile: string;
  mechanism: string;
  text: string;
  cure: string;
}

/** The rule files that are in force for the next turn of a session, those that are not, and the sandbox. */
export interface SessionRules {
  session_id: string;
  agent: string | null;
  known: boolean;
  refusal: string;
  files: RuleFileUse[];
  sandbox: SandboxInUse | null;
}

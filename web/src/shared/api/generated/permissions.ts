// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { Decider, PermissionKind, PermissionState, RuleAction } from "./words";

/** One question; without choices, and with `free` beside them, the answer may be the person's own text. */
export interface AskedQuestion {
  text: string;
  header: string;
  choices: string[];
  multiple: boolean;
  free: boolean;
}

/** One answer that the agent offers to its permission request. */
export interface OfferedAnswer {
  id: string;
  label: string;
  kind: string;
}

/** A permission (with `options`) or a question (with `questions`) of an agent, and its answer. */
export interface PermissionInfo {
  id: string;
  session_id: string;
  task_id: string;
  message_id: string;
  part: number;
  tool_part: number | null;
  kind: PermissionKind;
  state: PermissionState;
  tool: string;
  title: string;
  argument: string;
  options: OfferedAnswer[];
  questions: AskedQuestion[];
  message: string;
  answers: string[][] | null;
  decided_by: Decider | null;
  rule_id: string | null;
  asked_at: string;
  decided_at: string | null;
}

/** A rule of a session, of a project, or of all. */
export interface PermissionRule {
  id: string;
  project_id: string | null;
  session_id: string | null;
  tool: string;
  argument: string;
  exact: boolean;
  action: RuleAction;
  uses: number;
  created_at: string;
}

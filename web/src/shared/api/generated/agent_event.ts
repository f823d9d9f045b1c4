// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** What a tool says it changed in one file, for the screen; the snapshot has the truth. */
export interface FileDiff {
  path: string;
  old_text?: string | null;
  new_text?: string;
  cut?: boolean;
}

/** A file, and a 1-based line if known, that a tool touches. */
export interface Location {
  path: string;
  line?: number | null;
}

/** How important a notice is to a person. */
export type NoticeLevel = "info" | "warning";

/** One answer that the agent offers. `kind` is allow_once, allow_always, reject_once or reject_always. */
export interface PermissionOption {
  id: string;
  label: string;
  kind: string;
}

/** One step of the agent's plan. */
export interface PlanEntry {
  text: string;
  status: PlanStatus;
}

/** State of one entry of a plan. */
export type PlanStatus = "cancelled" | "completed" | "in_progress" | "pending";

/** One question of an agent, as frames and rows hold it: fields with their default values are omitted. */
export interface Question {
  text: string;
  header?: string;
  choices?: string[];
  multiple?: boolean;
  free?: boolean;
}

/** A slash command that the agent offers. */
export interface SlashCommand {
  name: string;
  description?: string;
}

/** What a tool does, for the screen (the vocabulary of ACP). */
export type ToolKind = "agent" | "delete" | "edit" | "execute" | "fetch" | "move" | "other" | "read" | "search" | "think";

/** Only ever moves forward: pending -> running -> completed | failed | cancelled | unreported. */
export type ToolStatus = "cancelled" | "completed" | "failed" | "pending" | "running" | "unreported";

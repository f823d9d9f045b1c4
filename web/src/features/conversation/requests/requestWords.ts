// Words for a permission request: the question, and what it is about.
import type { PermissionFrame, ToolCallFrame } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";

export interface RequestWords {
  /** A question that can be answered with allow or refuse. */
  title: string;
  /** The command, path or address. */
  subject: string;
  /** Why the agent has to ask. */
  reason: string;
  /** What follows from each answer, where the question does not say it. */
  consequence?: string;
  /** How long "allow" holds, where not once. */
  allow?: string;
  /** What of the settings would spare the question, beside a rule. */
  setting?: string;
}

type Words = (subject: string) => Omit<RequestWords, "subject">;

const OUTSIDE = "The path is outside of the agent's copy of the project.";
const COMMAND: Words = () => ({ title: "Run this command?", reason: "The agent asks before it runs commands." });
const EDIT: Words = (subject) => ({ title: `Write ${named(subject, "this file")}?`, reason: "The agent asks before it writes files." });
const READ: Words = (subject) => ({ title: `Read ${named(subject, "this file")}?`, reason: "The agent asks before it reads this file." });
const DELETE: Words = (subject) => ({ title: `Delete ${named(subject, "this file")}?`, reason: "The agent asks before it deletes files." });
const MOVE: Words = (subject) => ({ title: `Move ${named(subject, "this file")}?`, reason: "The agent asks before it moves files." });
const FETCH: Words = () => ({ title: "Open this web address?", reason: "The agent asks before it uses the network." });
const SEARCH: Words = () => ({ title: "Search the web for this?", reason: "The agent asks before it uses the network." });
const AGENT: Words = () => ({ title: "Start a sub-agent for this?", reason: "The agent asks before it starts another agent." });

const HOST: Words = (subject) => ({
  title: `May this session reach ${named(subject, "this host")}?`,
  reason: "Neither sandbox.hosts nor a rule names this host.",
  consequence:
    "A program of the session waits to connect, for up to five minutes. If you allow it, everything that the session's programs can read may be sent there. If you refuse, the program gets the error 403 and the agent continues.",
  allow: "Allow for this turn",
  setting: `sandbox.hosts = ["${subject}"]`,
});

const TOOLS: Record<string, Words> = {
  bash: COMMAND,
  shell: COMMAND,
  run_command: COMMAND,
  run_shell_command: COMMAND,
  execute: COMMAND,
  exec: COMMAND,
  terminal: COMMAND,
  edit: EDIT,
  multiedit: EDIT,
  write: EDIT,
  write_file: EDIT,
  replace: EDIT,
  patch: EDIT,
  apply_patch: EDIT,
  notebookedit: EDIT,
  text_editor: EDIT,
  read: READ,
  read_file: READ,
  view: READ,
  delete: DELETE,
  delete_file: DELETE,
  move: MOVE,
  move_file: MOVE,
  webfetch: FETCH,
  web_fetch: FETCH,
  fetch: FETCH,
  websearch: SEARCH,
  web_search: SEARCH,
  task: AGENT,
  agent: AGENT,
  network: HOST,
  external_directory: () => ({ title: "Use files outside of the project?", reason: OUTSIDE }),
  doom_loop: () => ({ title: "Continue, although the agent repeats the same call?", reason: "The agent has made this call several times with the same result." }),
  exitplanmode: () => ({ title: "Accept the plan and start working?", reason: "The agent has finished planning." }),
  switch_mode: () => ({ title: "Accept the plan and start working?", reason: "The agent has finished planning." }),
};

const KINDS: Record<ToolCallFrame["kind"], Words | null> = {
  read: READ,
  edit: EDIT,
  delete: DELETE,
  move: MOVE,
  search: null,
  execute: COMMAND,
  think: null,
  fetch: FETCH,
  agent: AGENT,
  other: null,
};

/**
 * @param call the tool call that asks, if known.
 * @param worktree path of the session's worktree, to shorten paths in it.
 */
export function requestWords(frame: PermissionFrame, call: ToolCallFrame | undefined, worktree: string | undefined): RequestWords {
  const subject = visible(shortened(frame.argument || frame.title, worktree));
  const words = TOOLS[frame.tool.toLowerCase()] ?? (call && KINDS[call.kind]) ?? mcp(frame.tool) ?? other(frame.tool);
  return { subject, ...words(subject) };
}

/** What was decided, in the past tense for the folded line. */
export function decidedSubject(frame: PermissionFrame, worktree: string | undefined): string {
  return visible(shortened(frame.argument || frame.title, worktree).split("\n")[0] ?? "");
}

/** Paths below the worktree without its long prefix. */
export function shortened(text: string, worktree: string | undefined): string {
  if (!worktree) return text;
  return text.replaceAll(`${worktree}/`, "").replaceAll(worktree, "the agent's copy of the project");
}

function named(subject: string, otherwise: string): string {
  return subject && subject.length <= 80 && !/\s/.test(subject) ? subject : otherwise;
}

/** "mcp__server__tool" or "server.tool" as agents name the tools of MCP servers. */
function mcp(tool: string): Words | null {
  const [, server, name] = /^mcp__(.+?)__(.+)$/.exec(tool) ?? [];
  if (!server || !name) return null;
  return () => ({ title: `Use the tool ${visible(name)} of ${visible(server)}?`, reason: `${visible(server)} is an MCP server: its tools can act outside of the project.` });
}

function other(tool: string): Words {
  return () => ({ title: `Use the tool ${visible(tool)}?`, reason: "No rule covers this tool." });
}

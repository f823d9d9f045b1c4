// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

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

/** Snapshot semantics: `loading` while the first probe runs; the others carry a reason in words. */
export type AgentState = "loading" | "ready" | "unavailable" | "error";

/** What applying came to; with `dry_run` what it would come to, or what stands against it. */
export interface AppliedOut {
  change: ChangeOut;
  already_applied: boolean;
  dry_run: boolean;
  files_written: number;
  left: string[];
  target: ApplyTarget;
  ref: string | null;
  commit: string | null;
  units: number;
  units_total: number;
  rest_change_id: string | null;
  conflicts: ConflictOut[];
}

/** Which part of a change goes where. */
export interface ApplyInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  target?: "checkout" | "commit" | "branch";
  dry_run?: boolean;
}

/** Where a change is put. */
export type ApplyTarget = "checkout" | "commit" | "branch";

/** A file that goes with a task; an image is shown by its address, anything else saved. */
export interface AttachmentOut {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

/** A change with its files. */
export interface ChangeOut {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
  files: FileOut[];
}

/** A change as lists show it. */
export interface ChangeRowOut {
  id: string;
  session_id: string;
  task_id: string;
  agent: string;
  state: ChangeState;
  additions: number;
  deletions: number;
  created_at: string;
  decided_at: string | null;
}

/** pending -> superseded (a later turn) | withdrawn (the agent reverted all) | applied | rejected. */
export type ChangeState = "pending" | "superseded" | "withdrawn" | "applied" | "rejected";

/** A thread of conversation, with the choice of its newest task. */
export interface ChatOut {
  id: string;
  session_id: string;
  title: string;
  agent: string | null;
  model: string | null;
  mode: string | null;
  thinking: string | null;
  created_at: string;
}

/** A remark on lines of a change. */
export interface CommentOut {
  id: string;
  session_id: string;
  change_id: string;
  path: string;
  path_coded: boolean;
  side: string;
  first_line: number;
  last_line: number;
  quote: string;
  body: string;
  task_id: string | null;
  created_at: string;
}

/** Say something else. */
export interface CommentPatch {
  body: string;
}

/** How two states of a session's files differ; lines are counted over text files. */
export interface ComparedOut {
  from_tree: string;
  to_tree: string;
  additions: number;
  deletions: number;
  files: FileOut[];
}

/** A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded. */
export interface ConflictOut {
  path: string;
  path_coded: boolean;
  reason: string;
  text: string;
  regions: RegionOut[];
  base_size: number | null;
  ours_size: number | null;
  theirs_size: number | null;
  more: number;
}

/** What a person decides about units of the change that they looked at. */
export interface DecideInput {
  units?: string[];
  paths?: string[];
  path_coded?: boolean;
  all?: boolean;
  verdict: "accepted" | "rejected" | "open";
}

/** What a decision came to; `gone` are units that the session's newest change does not have any more. */
export interface DecidedOut {
  review: ReviewOut;
  decided: number;
  gone: string[];
}

/** Who decided. */
export type Decider = "person" | "rule" | "timeout" | "turn";

/** What a person may say: the first three to a permission, the last two to a question. */
export type Decision = "allow" | "allow_session" | "refuse" | "answer" | "dismiss";

/** The demo project, and a first task for it that the scripted agent can do. */
export interface DemoOut {
  project: ProjectOut;
  agent: string;
  title: string;
  prompt: string;
}

/** Where a task went; `created` is false when the idempotency key had made it before. */
export interface EnqueuedOut {
  task_id: string;
  session_id: string;
  chat_id: string;
  created: boolean;
}

/** A changed file; the counts are null for a binary one, `..._coded` says that bytes are percent-coded. */
export interface FileOut {
  path: string;
  status: string;
  additions: number | null;
  deletions: number | null;
  old_mode: string;
  new_mode: string;
  path_coded: boolean;
  old_path: string;
  old_path_coded: boolean;
}

/** A file with a page of its units. */
export interface FileUnitsOut {
  file: ReviewFileOut;
  units: UnitOut[];
  next: PlaceOut | null;
}

/** What deserves a second look. */
export interface FlagOut {
  kind: string;
  reason: string;
  line: number | null;
}

/** A folder, written as it was typed (`~/` stays); `repository`: it is the top of a git checkout. */
export interface FolderOut {
  path: string;
  repository: boolean;
}

/** Fork a session: from a snapshot, from what a task left behind, or, with neither, from the newest snapshot. */
export interface ForkInput {
  snapshot_id?: string | null;
  task_id?: string | null;
  title?: string | null;
}

/** A new session; `worktree` is null where its first turn will make the files. */
export interface ForkOut {
  session_id: string;
  chat_id: string;
  snapshot: SnapshotOut;
  worktree: string | null;
}

/** Paths that fit, best first, and how many files were looked through. */
export interface FoundFilesOut {
  paths: string[];
  files: number;
}

/** Folders by name; with `more`, others fit as well. */
export interface FoundFoldersOut {
  folders: FolderOut[];
  more: boolean;
}

export interface HTTPValidationError {
  detail?: ValidationError[];
}

/** That the service works, and what flows through it. */
export interface HealthOut {
  status: string;
  version: string;
  host_id: string;
  instance_id: string;
  pending_tasks: number;
  running_tasks: number;
  subscriptions: number;
}

/** A message in which the words were found. */
export interface HitOut {
  message_id: string;
  session_id: string;
  chat_id: string;
  project_id: string;
  session_title: string;
  session_state: SessionState;
  role: MessageRole;
  agent: string | null;
  created_at: string;
  snippet: PieceOut[];
}

export type JsonValue = unknown;

/** One line of a unit or beside it. */
export interface LineOut {
  kind: "context" | "removed" | "added";
  old: number | null;
  new: number | null;
  text: string;
  end: "lf" | "crlf" | "none";
  utf8: boolean;
  spans: ([number, number])[];
  left_out: number;
}

/** The path of a link that signs in one browser, once. */
export interface LoginCodeOut {
  path: string;
}

/** A message with its parts; `text` is a user's prompt. `ord` is the cursor of the list. */
export interface MessageOut {
  id: string;
  ord: number;
  session_id: string;
  chat_id: string;
  task_id: string;
  role: MessageRole;
  status: MessageStatus;
  agent: string | null;
  model: string | null;
  created_at: string;
  finished_at: string | null;
  text: string;
  attachments: AttachmentOut[];
  parts: PartOut[];
}

/** Who said it. */
export type MessageRole = "user" | "assistant";

/** `streaming` while its turn runs; afterwards how the turn ended. A failed turn never reads as complete. */
export type MessageStatus = "streaming" | "complete" | "failed" | "cancelled" | "interrupted" | "timed_out";

/** Put a task that waits before another one, or last. */
export interface MoveInput {
  before?: string | null;
}

/** Keep a file until a task takes it. */
export interface NewAttachment {
  name: string;
  content: string;
}

/** Begin a chat in a session. */
export interface NewChat {
  title?: string | null;
}

/** A remark on lines of a change. */
export interface NewComment {
  path: string;
  path_coded?: boolean;
  side?: "old" | "new";
  first_line?: number;
  last_line?: number | null;
  body: string;
}

/** Add a rule for a session, for a project, or, with neither, for all. */
export interface NewPermissionRule {
  project_id?: string | null;
  session_id?: string | null;
  tool: string;
  argument: string;
  exact?: boolean;
  action: RuleAction;
}

/** Add a repository. */
export interface NewProject {
  path: string;
  name?: string | null;
}

/** Open a session in a project. */
export interface NewSession {
  project_id: string;
  title?: string | null;
  start?: StartInput;
}

/** Take a snapshot of a session's files as they are. */
export interface NewSnapshot {
  note?: string;
}

/** Queue a task: in a chat, or in a new chat of a session, or in a new session of a project. */
export interface NewTaskInput {
  prompt: string;
  project_id?: string | null;
  session_id?: string | null;
  chat_id?: string | null;
  agent?: string | null;
  model?: string | null;
  mode?: string | null;
  thinking?: string | null;
  priority?: number;
  title?: string | null;
  start?: StartInput;
  attachments?: string[];
}

/** The body of a request that needs none: absent, or an empty object. */
export interface Nothing {
}

/** What a part of a message holds. */
export type PartKind = "text" | "reasoning" | "tool_call" | "plan" | "permission" | "question" | "notice";

/** A part of a message: `text` for text and reasoning, `data` (the frame's fields) for the others. */
export interface PartOut {
  part: number;
  kind: PartKind;
  data: Record<string, JsonValue> | null;
  text: string;
  text_chars: number;
}

/** What a person decides about a permission or question. */
export interface PermissionAnswerInput {
  decision: Decision;
  message?: string;
  answers?: string[][] | null;
}

/** What the agent wants. */
export type PermissionKind = "permission" | "question";

/** One answer that the agent offers. */
export interface PermissionOptionOut {
  id: string;
  label: string;
  kind: string;
}

/** A permission (with `options`) or a question (with `questions`) of an agent, and what came of it. */
export interface PermissionOut {
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
  options: PermissionOptionOut[];
  questions: QuestionOut[];
  message: string;
  answers: string[][] | null;
  decided_by: Decider | null;
  rule_id: string | null;
  asked_at: string;
  decided_at: string | null;
}

/** A rule of a session, of a project, or of all. */
export interface PermissionRuleOut {
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

/** asked -> allowed | refused (a permission), answered | refused (a question: dismissed), or cancelled. */
export type PermissionState = "asked" | "allowed" | "refused" | "answered" | "cancelled";

/** Some text of a snippet; `hit`: it is a word that was looked for. */
export interface PieceOut {
  text: string;
  hit: boolean;
}

/** Where the next page of a file begins. */
export interface PlaceOut {
  unit: number;
  line: number;
}

/** Which agents to ask; all when left out. */
export interface ProbeInput {
  agents?: string[] | null;
}

/** A repository that a person has added. */
export interface ProjectOut {
  id: string;
  name: string;
  path: string;
  created_at: string;
  archived_at: string | null;
}

/** All settings of a project, in place of those that it had; what is left out gets its default. */
export interface ProjectSettingsInput {
  copy_patterns?: string[];
  setup?: string;
  setup_timeout_s?: number;
  teardown?: string;
  teardown_timeout_s?: number;
}

/** What a project wants done in each new worktree. */
export interface ProjectSettingsOut {
  project_id: string;
  copy_patterns: string[];
  setup: string;
  setup_timeout_s: number;
  teardown: string;
  teardown_timeout_s: number;
}

/** Remove the worktrees that have to go; `dry_run`: only say which. */
export interface PruneInput {
  dry_run?: boolean;
}

/** How a change is published. */
export interface PublishInput {
  select?: "all" | "accepted" | "not_rejected" | null;
  message?: string | null;
  branch?: string | null;
  start?: "base" | "head";
  by_turn?: boolean;
  co_author?: boolean;
  remote?: string | null;
  title?: string | null;
  text?: string | null;
  base?: string | null;
  draft?: boolean;
  only_push?: boolean;
}

/** What came of publishing. */
export interface PublishedOut {
  ref: string | null;
  commit: string | null;
  remote: string;
  output: string;
  url: string | null;
  open_url: string | null;
  next: string;
}

/** One question; without choices the answer is free text. */
export interface QuestionOut {
  text: string;
  header: string;
  choices: string[];
  multiple: boolean;
}

/** A worktree that had to go; `kept` says why it stays all the same, "" where it went, or would go. */
export interface ReapedOut {
  session_id: string;
  why: string;
  size_bytes: number;
  kept: string;
}

/** One place where both sides changed the same lines; `line` is the first one of yours. */
export interface RegionOut {
  line: number;
  base: string;
  ours: string;
  theirs: string;
  cut: boolean;
}

/** Remove a worktree; `force`: also with files that no snapshot can hold. */
export interface RemoveInput {
  force?: boolean;
}

/** What the session's worktree is brought up to. */
export interface ResolveInput {
  onto?: "checkout" | "head";
}

/** What came of bringing the user's newer files into the worktree. */
export interface ResolvedOut {
  change_id: string | null;
  task_id: string | null;
  conflicts: string[];
  files_written: number;
}

/** A file of a change, and how its review stands. */
export interface ReviewFileOut {
  number: number;
  path: string;
  path_coded: boolean;
  old_path: string | null;
  old_path_coded: boolean;
  status: string;
  old_mode: string;
  new_mode: string;
  old_size: number | null;
  new_size: number | null;
  binary: boolean;
  too_large: boolean;
  additions: number;
  deletions: number;
  units: number;
  accepted: number;
  rejected: number;
  open: number;
  reopened: number;
  flags: FlagOut[];
}

/** How the review of a change stands. */
export interface ReviewOut {
  change_id: string;
  session_id: string;
  state: ChangeState;
  files: number;
  accepted: number;
  rejected: number;
  open: number;
  reopened: number;
  unsent_comments: number;
}

/** Set a session's files back: to a snapshot, or to before its newest `turns` turns. */
export interface RewindInput {
  snapshot_id?: string | null;
  turns?: number | null;
}

/** What a rewind did; rewinding to `before` undoes it. */
export interface RewoundOut {
  target: SnapshotOut;
  before: SnapshotOut;
  files: number;
}

/** What a rule does with a request that it matches. */
export type RuleAction = "allow" | "deny" | "ask";

/** Send the comments of a session that wait to its agent. */
export interface SendComments {
  rejected?: boolean;
  chat_id?: string | null;
  agent?: string | null;
}

/** A workspace of a project and what waits in it. */
export interface SessionOut {
  id: string;
  project_id: string;
  host_id: string | null;
  title: string;
  state: SessionState;
  created_at: string;
  updated_at: string;
  start_from: string | null;
  start_dirty: boolean;
  pending_tasks: number;
  running_task_id: string | null;
  heard_at: string | null;
  last_task_state: TaskState | null;
  last_task_id: string | null;
  pending_change_id: string | null;
  additions: number | null;
  deletions: number | null;
  open_requests: number;
  pinned: boolean;
}

/** Change a session; what is left out stays. */
export interface SessionPatch {
  title?: string | null;
  state?: SessionState | null;
}

/** An archived session takes no tasks. */
export type SessionState = "open" | "archived";

/** Why a snapshot was taken. */
export type SnapshotKind = "turn_end" | "interrupted" | "apply" | "manual" | "turn_start" | "before_rewind" | "before_undo" | "before_update" | "changed" | "before_removal" | "fork";

/** A state of a session's files that is kept. */
export interface SnapshotOut {
  id: string;
  session_id: string;
  task_id: string | null;
  kind: SnapshotKind;
  tree: string;
  taken_at: string;
  seq: number | null;
  note: string;
}

/** Where a new session's worktree starts: from what is checked out, from a name, or from the checkout as it is. */
export interface StartInput {
  from?: string | null;
  dirty?: boolean;
}

/** What a name stands for. */
export type StartKind = "branch" | "tag" | "remote" | "commit";

/** A branch, tag or commit (its short id) that a session can start from; `at_unix` is 0 where git knows no time. */
export interface StartNameOut {
  kind: StartKind;
  name: string;
  at_unix: number;
  subject: string;
}

/** A task; in a list its prompt is cut, `prompt_chars` counts the whole. `place` orders its session's queue. */
export interface TaskOut {
  id: string;
  place: number;
  project_id: string;
  session_id: string;
  chat_id: string;
  prompt: string;
  prompt_chars: number;
  agent: string;
  model: string | null;
  mode: string | null;
  thinking: string | null;
  priority: number;
  state: TaskState;
  epoch: number;
  cancel_requested_at: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error_code: string | null;
  error_text: string | null;
  error_cure: string | null;
  summary: string | null;
  usage: UsageOut | null;
  open_requests: number;
  attachments: AttachmentOut[];
}

/** Change a task that waits. */
export interface TaskPatch {
  prompt: string;
}

/** pending -> running -> one final state; pending -> cancelled; running -> pending only if the prompt was never sent. The database holds the same set (0001_init.sql). */
export type TaskState = "pending" | "running" | "completed" | "failed" | "cancelled" | "interrupted" | "timed_out";

/** Whether a session's terminal can be opened; `why` not, where it cannot now. */
export interface TerminalOut {
  offered: boolean;
  path: string | null;
  why: string;
}

/** Which text of a part: what an agent said, or the input or output of a tool. */
export type TextField = "text" | "input" | "output";

/** A page of a part's text and how many characters the whole has. */
export interface TextPageOut {
  offset: number;
  text: string;
  total_chars: number;
}

/** How an agent is driven, in the order in which one is taken where an agent has several. */
export type Transport = "server" | "acp" | "stream" | "oneshot" | "builtin";

/** Which rejected units are taken out of the worktree; all if none is named. */
export interface UndoInput {
  units?: string[];
}

/** What was taken out of the worktree. */
export interface UndoneOut {
  units: number;
  paths: string[];
  snapshot_id: string;
  change_id: string | null;
}

/** The smallest part of a change that can be decided alone, or a page of its lines. */
export interface UnitOut {
  id: string;
  kind: string;
  state: "accepted" | "rejected" | "open";
  reopened: Verdict | null;
  old_start: number;
  old_count: number;
  new_start: number;
  new_count: number;
  lines: LineOut[];
}

/** Tokens and cost of a turn. */
export interface UsageOut {
  input_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cost_usd: number;
  context_tokens: number;
}

/** Turns that share an agent, a model or a project, or all of them. */
export interface UsageSumOut {
  kind: "agent" | "model" | "project" | "total";
  agent: string;
  model: string;
  project_id: string | null;
  turns: number;
  completed: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cost_usd: number;
  seconds: number;
}

export interface ValidationError {
  loc: (string | number)[];
  msg: string;
  type: string;
  input?: unknown;
  ctx?: Record<string, unknown>;
}

/** A person's decision on one unit; a unit without one is open. */
export type Verdict = "accepted" | "rejected";

/** A session's worktree; `kept` says why it is still there although it had to go. */
export interface WorktreeOut {
  session_id: string;
  project_id: string;
  title: string;
  path: string;
  state: WorktreeState;
  session_state: SessionState;
  pinned: boolean;
  created_at: string;
  used_at: string;
  size_bytes: number | null;
  measured_at: string | null;
  removed_at: string | null;
  removed_why: string;
  busy_why: string;
  has_work: boolean;
  running: boolean;
  kept: string;
}

/** making -> ready -> removing -> gone -> ready again, when its session goes on. */
export type WorktreeState = "making" | "ready" | "removing" | "gone";

/** A slash command. */
export interface AgentCommandData {
  name: string;
  description?: string;
}

/** The slash commands that the chat's agent offers now. */
export interface AgentCommands {
  type: "agent_commands";
  chat_id: string;
  agent: string;
  commands: AgentCommandData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Agents as GET /api/agents has them: all of them first, then those that changed. */
export interface AgentsNews {
  type: "agents";
  agents: unknown;
}

/** No more news of agents follows. */
export interface AgentsUnwatched {
  type: "agents_unwatched";
}

/** A file that was sent with a prompt. */
export interface AttachmentData {
  id: string;
  name: string;
  media_type: string;
  size_bytes: number;
}

/** The session's change moved: a new pending one, or the old one superseded, withdrawn, applied, rejected. */
export interface ChangeUpdated {
  type: "change_updated";
  change_id: string;
  state: "applied" | "pending" | "rejected" | "superseded" | "withdrawn";
  agent: string;
  files?: number;
  additions?: number;
  deletions?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded. */
export interface ConflictProblem {
  path: string;
  path_coded: boolean;
  reason: string;
  text: string;
  regions: RegionProblem[];
  base_size: number | null;
  ours_size: number | null;
  theirs_size: number | null;
  more: number;
}

/** More text of part `part` of a message, standing at `offset` (code points). */
export interface Delta {
  type: "delta";
  message_id: string;
  part: number;
  offset: number;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One wrong value: where it stands (`prompt`, `query limit`, `path task_id`) and what is wrong with it. */
export interface FieldError {
  field: string;
  message: string;
}

/** What a tool says it changed in one file; texts longer than INLINE_TEXT_MAX_CHARS are left out (`cut`). */
export interface FileDiffData {
  path: string;
  old_text?: string | null;
  new_text?: string;
  cut?: boolean;
}

/** A file and a 1-based line. */
export interface LocationData {
  path: string;
  line?: number | null;
}

/** No more parts of this message will come. `status` is not `complete` where its turn did not complete. */
export interface MessageComplete {
  type: "message_complete";
  message_id: string;
  chat_id: string;
  status: "cancelled" | "complete" | "failed" | "interrupted" | "timed_out";
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A message begins. A user's message comes whole, in `text`, with the files that were sent with it. */
export interface MessageStarted {
  type: "message_started";
  message_id: string;
  chat_id: string;
  task_id: string;
  role: "assistant" | "user";
  text?: string;
  attachments?: AttachmentData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Something that the person should see and the agent did not say. */
export interface Notice {
  type: "notice";
  code: string;
  text: string;
  level?: NoticeLevel;
  message_id?: string | null;
  part?: number | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** How much a person should care. */
export type NoticeLevel = "info" | "warning";

/** The agent asks before it acts, or what came of it; the latest one of a part wins. */
export interface Permission {
  type: "permission";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "allowed" | "asked" | "cancelled" | "refused";
  tool: string;
  title: string;
  argument: string;
  options?: PermissionOptionData[];
  tool_part?: number | null;
  decided_by?: string;
  rule_id?: string | null;
  message?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One answer that the agent offers; `kind` is allow_once, allow_always, reject_once or reject_always. */
export interface PermissionOptionData {
  id: string;
  label: string;
  kind: string;
}

/** Answer with a pong. */
export interface Ping {
  op: "ping";
}

/** The agent's whole plan; the latest one wins. */
export interface Plan {
  type: "plan";
  message_id: string;
  part: number;
  entries: PlanEntryData[];
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One step of a plan. */
export interface PlanEntryData {
  text: string;
  status: PlanStatus;
}

/** State of one entry of a plan. */
export type PlanStatus = "cancelled" | "completed" | "in_progress" | "pending";

/** The answer to a ping. */
export interface Pong {
  type: "pong";
}

/** The body of every answer that is not a success. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  cure: string;
  errors?: FieldError[];
  conflicts?: ConflictProblem[];
}

/** The agent wants to know something, or what it was told; the latest one of a part wins. */
export interface Question {
  type: "question";
  message_id: string;
  part: number;
  task_id: string;
  request_id: string;
  state: "answered" | "asked" | "cancelled" | "refused";
  questions: QuestionData[];
  answers?: string[][];
  tool_part?: number | null;
  decided_by?: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One question; without choices the answer is free text. */
export interface QuestionData {
  text: string;
  header?: string;
  choices?: string[];
  multiple?: boolean;
}

/** A task of the session entered or left the queue, or waits with another prompt or at another place. */
export interface QueueChanged {
  type: "queue_changed";
  task_id: string;
  state: "cancelled" | "completed" | "failed" | "interrupted" | "pending" | "running" | "timed_out";
  pending: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** More reasoning of part `part` of a message, standing at `offset` (code points). */
export interface ReasoningDelta {
  type: "reasoning_delta";
  message_id: string;
  part: number;
  offset: number;
  text: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** One place where both sides changed the same lines; `cut` where a side is longer than shown. */
export interface RegionProblem {
  line: number;
  base: string;
  ours: string;
  theirs: string;
  cut: boolean;
}

/** Frames were dropped for this client because it was too slow: subscribe again after the last `seq` it has. */
export interface Resync {
  type: "resync";
  reason: string;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** How the person's review of a change stands: units by verdict, and remarks that wait to be sent. */
export interface ReviewChanged {
  type: "review_changed";
  change_id: string;
  accepted?: number;
  rejected?: number;
  open?: number;
  unsent_comments?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** These sessions look different now; an empty list is the answer to the request itself. */
export interface SessionsNews {
  type: "sessions";
  ids: string[];
}

/** No more news of sessions follows. */
export interface SessionsUnwatched {
  type: "sessions_unwatched";
}

/** A message was refused; the connection stays. */
export interface SocketError {
  type: "error";
  code: string;
  text: string;
  cure?: string;
  session_id?: string | null;
}

/** Send the frames of a session with seq > `after`; replaces an earlier subscription to it. */
export interface Subscribe {
  op: "subscribe";
  session_id: string;
  after?: number;
}

/** The frames of the session with seq > `after` follow. */
export interface Subscribed {
  type: "subscribed";
  session_id: string;
  after: number;
}

/** The whole present state of a tool call; the latest one of a part wins. */
export interface ToolCall {
  type: "tool_call";
  message_id: string;
  part: number;
  name: string;
  kind: ToolKind;
  title: string;
  status: ToolStatus;
  input?: string;
  input_chars?: number;
  output?: string;
  output_chars?: number;
  exit_code?: number | null;
  locations?: LocationData[];
  diffs?: FileDiffData[];
  parent?: number | null;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** What a tool does, for the screen (the vocabulary of ACP). */
export type ToolKind = "agent" | "delete" | "edit" | "execute" | "fetch" | "move" | "other" | "read" | "search" | "think";

/** Only ever moves forward: pending -> running -> completed | failed | cancelled. */
export type ToolStatus = "cancelled" | "completed" | "failed" | "pending" | "running";

/** The one terminal frame of a turn: how it ended, why, and what to do. */
export interface TurnEnded {
  type: "turn_ended";
  task_id: string;
  chat_id: string;
  outcome: "cancelled" | "completed" | "failed" | "interrupted" | "timed_out";
  code?: string;
  text?: string;
  cure?: string;
  epoch?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** A task became a turn. */
export interface TurnStarted {
  type: "turn_started";
  task_id: string;
  chat_id: string;
  agent: string;
  model?: string | null;
  mode?: string | null;
  epoch?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Send no more frames of a session. */
export interface Unsubscribe {
  op: "unsubscribe";
  session_id: string;
}

/** No more frames of the session follow; `text` says why if it was not asked for. */
export interface Unsubscribed {
  type: "unsubscribed";
  session_id: string;
  text?: string;
}

/** Send no more news of agents. */
export interface UnwatchAgents {
  op: "unwatch_agents";
}

/** Name no more sessions. */
export interface UnwatchSessions {
  op: "unwatch_sessions";
}

/** Tokens and cost of the turn so far. */
export interface Usage {
  type: "usage";
  task_id: string;
  input_tokens?: number;
  output_tokens?: number;
  reasoning_tokens?: number;
  cache_read_tokens?: number;
  cache_write_tokens?: number;
  cost_usd?: number;
  context_tokens?: number;
  session_id: string;
  seq?: number | null;
  at?: number;
}

/** Send what is known of every agent, and then each one that changes. */
export interface WatchAgents {
  op: "watch_agents";
}

/** Name sessions whose row in the list changed, whenever some did. */
export interface WatchSessions {
  op: "watch_sessions";
}

export type Frame =
  | TurnStarted
  | MessageStarted
  | Delta
  | ReasoningDelta
  | ToolCall
  | Plan
  | AgentCommands
  | Usage
  | Notice
  | Permission
  | Question
  | ChangeUpdated
  | ReviewChanged
  | MessageComplete
  | TurnEnded
  | QueueChanged
  | Resync;

export type SocketRequest =
  | Subscribe
  | Unsubscribe
  | WatchAgents
  | UnwatchAgents
  | WatchSessions
  | UnwatchSessions
  | Ping;

export type SocketAnswer =
  | Subscribed
  | Unsubscribed
  | AgentsNews
  | AgentsUnwatched
  | SessionsNews
  | SessionsUnwatched
  | Pong
  | SocketError;

/** Every route: what it takes and what it answers. */
export interface Routes {
  "GET /api/agents": { path: Record<string, never>; query: Record<string, never>; body: undefined; answer: AgentOut[] };
  "POST /api/agents/probe": { path: Record<string, never>; query: Record<string, never>; body: ProbeInput | null; answer: AgentOut[] };
  "POST /api/attachments": { path: Record<string, never>; query: Record<string, never>; body: NewAttachment; answer: AttachmentOut };
  "GET /api/attachments/{attachment_id}": { path: { attachment_id: string }; query: Record<string, never>; body: undefined; answer: undefined };
  "GET /api/changes": { path: Record<string, never>; query: { session_id?: string | null; state?: ChangeState | null; limit?: number; before?: string | null }; body: undefined; answer: ChangeRowOut[] };
  "GET /api/changes/{change_id}": { path: { change_id: string }; query: Record<string, never>; body: undefined; answer: ChangeOut };
  "POST /api/changes/{change_id}/apply": { path: { change_id: string }; query: Record<string, never>; body: ApplyInput | null; answer: AppliedOut };
  "POST /api/changes/{change_id}/comments": { path: { change_id: string }; query: Record<string, never>; body: NewComment; answer: CommentOut };
  "GET /api/changes/{change_id}/diff": { path: { change_id: string }; query: Record<string, never>; body: undefined; answer: undefined };
  "GET /api/changes/{change_id}/files": { path: { change_id: string }; query: { path?: string | null; path_coded?: boolean }; body: undefined; answer: ReviewFileOut[] };
  "GET /api/changes/{change_id}/files/{number}": { path: { change_id: string; number: number }; query: { context?: number; unit?: number; line?: number }; body: undefined; answer: FileUnitsOut };
  "POST /api/changes/{change_id}/publish": { path: { change_id: string }; query: Record<string, never>; body: PublishInput | null; answer: PublishedOut };
  "POST /api/changes/{change_id}/reject": { path: { change_id: string }; query: Record<string, never>; body: Nothing | null; answer: ChangeOut };
  "POST /api/changes/{change_id}/resolve": { path: { change_id: string }; query: Record<string, never>; body: ResolveInput | null; answer: ResolvedOut };
  "GET /api/changes/{change_id}/review": { path: { change_id: string }; query: Record<string, never>; body: undefined; answer: ReviewOut };
  "POST /api/changes/{change_id}/review": { path: { change_id: string }; query: Record<string, never>; body: DecideInput; answer: DecidedOut };
  "POST /api/changes/{change_id}/undo": { path: { change_id: string }; query: Record<string, never>; body: UndoInput | null; answer: UndoneOut };
  "GET /api/chats/{chat_id}/messages": { path: { chat_id: string }; query: { after?: number; limit?: number }; body: undefined; answer: MessageOut[] };
  "PATCH /api/comments/{comment_id}": { path: { comment_id: string }; query: Record<string, never>; body: CommentPatch; answer: CommentOut };
  "DELETE /api/comments/{comment_id}": { path: { comment_id: string }; query: Record<string, never>; body: undefined; answer: CommentOut };
  "POST /api/demo": { path: Record<string, never>; query: Record<string, never>; body: Nothing | null; answer: DemoOut };
  "GET /api/folders": { path: Record<string, never>; query: { typed?: string; limit?: number }; body: undefined; answer: FoundFoldersOut };
  "GET /api/health": { path: Record<string, never>; query: Record<string, never>; body: undefined; answer: HealthOut };
  "POST /api/login-codes": { path: Record<string, never>; query: Record<string, never>; body: Nothing | null; answer: LoginCodeOut };
  "GET /api/messages/{message_id}/parts/{part}/text": { path: { message_id: string; part: number }; query: { field?: TextField; offset?: number; limit?: number }; body: undefined; answer: TextPageOut };
  "GET /api/permission-rules": { path: Record<string, never>; query: { project_id?: string | null; session_id?: string | null; limit?: number; before?: string | null }; body: undefined; answer: PermissionRuleOut[] };
  "POST /api/permission-rules": { path: Record<string, never>; query: Record<string, never>; body: NewPermissionRule; answer: PermissionRuleOut };
  "DELETE /api/permission-rules/{rule_id}": { path: { rule_id: string }; query: Record<string, never>; body: undefined; answer: PermissionRuleOut };
  "GET /api/permissions": { path: Record<string, never>; query: { session_id?: string | null; state?: PermissionState | null; limit?: number; before?: string | null }; body: undefined; answer: PermissionOut[] };
  "GET /api/permissions/{permission_id}": { path: { permission_id: string }; query: Record<string, never>; body: undefined; answer: PermissionOut };
  "POST /api/permissions/{permission_id}/answer": { path: { permission_id: string }; query: Record<string, never>; body: PermissionAnswerInput; answer: PermissionOut };
  "GET /api/projects": { path: Record<string, never>; query: { removed?: boolean }; body: undefined; answer: ProjectOut[] };
  "POST /api/projects": { path: Record<string, never>; query: Record<string, never>; body: NewProject; answer: ProjectOut };
  "GET /api/projects/{project_id}": { path: { project_id: string }; query: Record<string, never>; body: undefined; answer: ProjectOut };
  "DELETE /api/projects/{project_id}": { path: { project_id: string }; query: Record<string, never>; body: undefined; answer: ProjectOut };
  "GET /api/projects/{project_id}/files": { path: { project_id: string }; query: { query?: string; limit?: number }; body: undefined; answer: FoundFilesOut };
  "GET /api/projects/{project_id}/settings": { path: { project_id: string }; query: Record<string, never>; body: undefined; answer: ProjectSettingsOut };
  "PUT /api/projects/{project_id}/settings": { path: { project_id: string }; query: Record<string, never>; body: ProjectSettingsInput; answer: ProjectSettingsOut };
  "GET /api/projects/{project_id}/starts": { path: { project_id: string }; query: { query?: string; limit?: number }; body: undefined; answer: StartNameOut[] };
  "GET /api/search": { path: Record<string, never>; query: { q: string; limit?: number }; body: undefined; answer: HitOut[] };
  "GET /api/sessions": { path: Record<string, never>; query: { project_id?: string | null; state?: SessionState | null; limit?: number; before?: string | null }; body: undefined; answer: SessionOut[] };
  "POST /api/sessions": { path: Record<string, never>; query: Record<string, never>; body: NewSession; answer: SessionOut };
  "GET /api/sessions/{session_id}": { path: { session_id: string }; query: Record<string, never>; body: undefined; answer: SessionOut };
  "PATCH /api/sessions/{session_id}": { path: { session_id: string }; query: Record<string, never>; body: SessionPatch; answer: SessionOut };
  "GET /api/sessions/{session_id}/chats": { path: { session_id: string }; query: Record<string, never>; body: undefined; answer: ChatOut[] };
  "POST /api/sessions/{session_id}/chats": { path: { session_id: string }; query: Record<string, never>; body: NewChat | null; answer: ChatOut };
  "GET /api/sessions/{session_id}/comments": { path: { session_id: string }; query: { unsent?: boolean }; body: undefined; answer: CommentOut[] };
  "POST /api/sessions/{session_id}/comments/send": { path: { session_id: string }; query: Record<string, never>; body: SendComments | null; answer: EnqueuedOut };
  "GET /api/sessions/{session_id}/files": { path: { session_id: string }; query: { query?: string; limit?: number }; body: undefined; answer: FoundFilesOut };
  "POST /api/sessions/{session_id}/fork": { path: { session_id: string }; query: Record<string, never>; body: ForkInput | null; answer: ForkOut };
  "POST /api/sessions/{session_id}/rewind": { path: { session_id: string }; query: Record<string, never>; body: RewindInput; answer: RewoundOut };
  "GET /api/sessions/{session_id}/snapshots": { path: { session_id: string }; query: { limit?: number; before?: string | null }; body: undefined; answer: SnapshotOut[] };
  "POST /api/sessions/{session_id}/snapshots": { path: { session_id: string }; query: Record<string, never>; body: NewSnapshot | null; answer: SnapshotOut };
  "GET /api/sessions/{session_id}/snapshots/compare": { path: { session_id: string }; query: { from: string | "base" | "now"; to: string | "base" | "now" }; body: undefined; answer: ComparedOut };
  "GET /api/sessions/{session_id}/snapshots/compare/diff": { path: { session_id: string }; query: { from: string | "base" | "now"; to: string | "base" | "now" }; body: undefined; answer: undefined };
  "GET /api/sessions/{session_id}/stream": { path: { session_id: string }; query: { after?: number }; body: undefined; answer: undefined };
  "GET /api/sessions/{session_id}/terminal": { path: { session_id: string }; query: Record<string, never>; body: undefined; answer: TerminalOut };
  "POST /api/sessions/{session_id}/worktree/pin": { path: { session_id: string }; query: Record<string, never>; body: Nothing | null; answer: WorktreeOut };
  "POST /api/sessions/{session_id}/worktree/remove": { path: { session_id: string }; query: Record<string, never>; body: RemoveInput | null; answer: WorktreeOut };
  "POST /api/sessions/{session_id}/worktree/restore": { path: { session_id: string }; query: Record<string, never>; body: Nothing | null; answer: WorktreeOut };
  "POST /api/sessions/{session_id}/worktree/unpin": { path: { session_id: string }; query: Record<string, never>; body: Nothing | null; answer: WorktreeOut };
  "GET /api/tasks": { path: Record<string, never>; query: { state?: TaskState | null; session_id?: string | null; limit?: number; before?: string | null }; body: undefined; answer: TaskOut[] };
  "POST /api/tasks": { path: Record<string, never>; query: Record<string, never>; body: NewTaskInput; answer: EnqueuedOut };
  "GET /api/tasks/{task_id}": { path: { task_id: string }; query: Record<string, never>; body: undefined; answer: TaskOut };
  "PATCH /api/tasks/{task_id}": { path: { task_id: string }; query: Record<string, never>; body: TaskPatch; answer: TaskOut };
  "POST /api/tasks/{task_id}/cancel": { path: { task_id: string }; query: Record<string, never>; body: Nothing | null; answer: TaskOut };
  "POST /api/tasks/{task_id}/move": { path: { task_id: string }; query: Record<string, never>; body: MoveInput; answer: TaskOut };
  "GET /api/usage": { path: Record<string, never>; query: { days?: number }; body: undefined; answer: UsageSumOut[] };
  "GET /api/worktrees": { path: Record<string, never>; query: { gone?: boolean }; body: undefined; answer: WorktreeOut[] };
  "POST /api/worktrees/prune": { path: Record<string, never>; query: Record<string, never>; body: PruneInput | null; answer: ReapedOut[] };
}

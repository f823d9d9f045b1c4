// Commands of one session, with the reason why one is unavailable.
import { useChats, useSession } from "../../shared/api/queries";
import { useCancel } from "../../shared/queue/queries";
import { useLastApplied } from "../../shared/review/applied";
import { useFork, useNewChat, usePatchSession, usePin, useUpdate } from "../../shared/api/session";
import { useHasTerminal } from "../../shared/api/terminal";
import { setPanel, usePanel, type Panel } from "../../shared/session/panel";
import { toMarkdown } from "../../shared/stream/toMarkdown";
import { exportSession } from "../../shared/session/exportSession";
import { openWindow } from "../../shared/session/openWindow";
import { useRetryTurn } from "../../shared/session/useRetryTurn";
import { SHORTCUTS, STOP } from "../../shared/keys/shortcuts";
import { useConversation } from "../../shared/stream/store";
import { copyText } from "../../shared/ui/clipboard";
import { showError, showToast } from "../../shared/ui/Toasts";
import type { PaletteCommand } from "./paletteCommand";
import type { PaletteView } from "./paletteView";

const NO_TURN = "no turn is running";
const NOTHING_RAN = "nothing has run here yet";

export function useSessionCommands(sessionId: string, onOpen: (view: PaletteView | null) => void, go: (address: string) => void): PaletteCommand[] {
  const { data: session } = useSession(sessionId);
  const turn = useTurnCommands(sessionId, session?.running_task_id ?? null);
  const panel = usePanelCommands(sessionId, session?.pending_change_id ?? null);
  const fork = useFork(sessionId);
  const patch = usePatchSession(sessionId);
  const pin = usePin(sessionId);
  const update = useUpdate(sessionId);
  if (!session) return [];
  const archived = session.state === "archived";
  const running = session.running_task_id !== null;
  const unused = session.last_task_id === null && !running ? NOTHING_RAN : null;
  return [
    ...turn,
    ...panel,
    {
      name: "Rewind to before the last turn…",
      words: ["rewind", "undo", "restore"],
      why: unused ?? (running ? "a turn is running: stop it first" : null),
      run: () => onOpen("rewind"),
    },
    {
      name: "Update to the newest commit",
      words: ["rebase", "merge", "pull", "main", "base"],
      why: unused ?? (running ? "a turn is running: stop it first" : null),
      run: update,
    },
    {
      name: "Fork this session",
      words: ["branch", "copy", "duplicate"],
      why: unused,
      run: () => fork.mutate(null, { onSuccess: (made) => go(`/sessions/${made.session_id}`), onError: showError }),
    },
    ...(["markdown", "json"] as const).map((form) => ({
      name: `Export this session as ${form === "json" ? "JSON" : "Markdown"}`,
      words: ["download", "save", "transcript"],
      why: unused,
      run: () => void exportSession(session, form).catch(showError),
    })),
    { name: "Open in a window of its own", words: ["split", "popup", "side"], run: () => openWindow(sessionId) },
    { name: "Rename this session…", words: ["title", "name"], run: () => onOpen("rename") },
    {
      name: session.pinned ? "Unpin this session" : "Pin this session",
      words: ["keep", "files", "worktree", "top"],
      run: () => pin.mutate(!session.pinned, { onError: showError }),
    },
    {
      name: archived ? "Reopen this session" : "Archive this session",
      words: ["hide", "close", "remove"],
      run: () => patch.mutate({ state: archived ? "open" : "archived" }, { onSuccess: () => showToast(archived ? "Reopened." : "Archived."), onError: showError }),
    },
    { name: "Delete this session…", words: ["remove", "erase"], why: running ? "a turn is running: stop it first" : null, run: () => onOpen("delete") },
  ];
}

/** Commands of the conversation. */
function useTurnCommands(sessionId: string, runningTaskId: string | null): PaletteCommand[] {
  const { items, turns } = useConversation(sessionId);
  const { data: chats } = useChats(sessionId);
  const cancel = useCancel();
  const newChat = useNewChat(sessionId);
  const last = items.findLast((one) => one.kind === "message" && one.role === "assistant");
  const answer = last?.kind === "message" ? last : null;
  const again = useRetryTurn({ taskId: answer?.taskId ?? "", chatId: answer?.chatId ?? "" });
  const outcome = answer && turns.get(answer.taskId)?.end?.outcome;
  const whyNotAgain = runningTaskId ? "a turn is running" : outcome && outcome !== "completed" ? null : "the last turn did not fail";
  const text = answer ? toMarkdown(answer) : "";
  return [
    { name: STOP.what, key: STOP.key, words: ["cancel", "abort", "interrupt"], why: runningTaskId ? null : NO_TURN, run: () => runningTaskId && cancel.mutate(runningTaskId, { onError: showError }) },
    { name: "Resume the last turn", words: ["continue", "go on"], why: whyNotAgain, run: () => again.mutate("resume", { onError: showError }) },
    { name: "Retry the last turn", words: ["again", "repeat"], why: whyNotAgain, run: () => again.mutate("retry", { onError: showError }) },
    { name: "New chat on the same files", words: ["context", "fresh", "clear"], why: chats?.at(-1)?.agent ? null : "the newest chat is still empty", run: () => newChat.mutate(undefined, { onError: showError }) },
    {
      name: "Copy the last answer",
      words: ["clipboard", "markdown"],
      why: text.trim() ? null : "no agent has said anything yet",
      run: () => void copyText(text).then(() => showToast("Answer copied."), showError),
    },
  ];
}

/** Commands of the panel. */
function usePanelCommands(sessionId: string, changeId: string | null): PaletteCommand[] {
  const { shown, tab, whole } = usePanel();
  const terminals = useHasTerminal(sessionId);
  const { data: applied } = useLastApplied(sessionId);
  const open = (next: Partial<Panel>) => () => setPanel({ shown: true, ...next });
  const whyNot = changeId ? null : "no pending change";
  return [
    { name: "Apply the change…", words: ["merge", "commit", "accept"], why: whyNot, run: open({ tab: "change", dialog: "apply" }) },
    { name: "Publish the change…", words: ["push", "pull request", "merge request"], why: whyNot, run: open({ tab: "change", dialog: "publish" }) },
    { name: SHORTCUTS.undoApply.what, key: SHORTCUTS.undoApply.key, words: ["unapply", "revert", "take back"], why: applied ? null : "nothing was applied here", run: open({ tab: "change", dialog: "undo" }) },
    { name: shown ? "Hide the change" : "Show the change", key: SHORTCUTS.change.key, words: ["diff", "review", "panel"], run: () => setPanel({ shown: !shown, tab: "change" }) },
    { name: whole ? "Show the change beside the conversation" : SHORTCUTS.wholeChange.what, key: SHORTCUTS.wholeChange.key, words: ["full", "maximize", "wide"], run: open({ whole: !whole }) },
    { name: "Show the history of the files", words: ["rewind", "snapshots", "go back", "compare"], why: shown && tab === "history" ? "already shown" : null, run: open({ tab: "history" }) },
    { name: "Open the terminal", words: ["shell", "console"], why: terminals ? (shown && tab === "terminal" ? "already open" : null) : "not available here", run: open({ tab: "terminal" }) },
  ];
}

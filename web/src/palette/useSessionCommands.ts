// The commands of one session, each with the reason where it cannot be done now.
import { useChats, useSession } from "../api/queries";
import { useCancel } from "../api/queue";
import { useFork, useNewChat, usePatchSession, usePin } from "../api/session";
import { useHasTerminal } from "../api/terminal";
import { setPanel, usePanel, type Panel } from "../change/panel";
import { asMarkdown } from "../conversation/asMarkdown";
import { useAgain } from "../conversation/useAgain";
import { SHORTCUTS, STOP } from "../keys/shortcuts";
import { useConversation } from "../stream/store";
import { copyText } from "../ui/clipboard";
import { complain, say } from "../ui/Toasts";
import type { PaletteCommand } from "./command";
import type { Opened } from "./Palette";

const NO_TURN = "no turn runs";
const NOTHING_RAN = "nothing has run here yet";

export function useSessionCommands(sessionId: string, onOpen: (opened: Opened) => void, go: (address: string) => void): PaletteCommand[] {
  const { data: session } = useSession(sessionId);
  const turn = useTurnCommands(sessionId, session?.running_task_id ?? null);
  const panel = usePanelCommands(sessionId, session?.pending_change_id ?? null);
  const fork = useFork(sessionId);
  const patch = usePatchSession(sessionId);
  const pin = usePin(sessionId);
  if (!session) return [];
  const archived = session.state === "archived";
  const running = session.running_task_id !== null;
  const unused = session.last_task_id === null && !running ? NOTHING_RAN : null;
  return [
    ...turn,
    ...panel,
    {
      name: "Go back to before the last turn…",
      words: ["rewind", "undo", "restore"],
      why: unused ?? (running ? "a turn runs: stop it first" : null),
      run: () => onOpen("rewind"),
    },
    {
      name: "Fork this session",
      words: ["branch", "copy", "duplicate"],
      why: unused,
      run: () => fork.mutate(null, { onSuccess: (made) => go(`/sessions/${made.session_id}`), onError: complain }),
    },
    { name: "Rename this session…", words: ["title", "name"], run: () => onOpen("rename") },
    {
      name: session.pinned ? "Unpin this session's files" : "Pin this session's files",
      words: ["keep", "worktree"],
      run: () => pin.mutate(!session.pinned, { onError: complain }),
    },
    {
      name: archived ? "Reopen this session" : "Archive this session",
      words: ["hide", "close", "delete", "remove"],
      run: () => patch.mutate({ state: archived ? "open" : "archived" }, { onSuccess: () => say(archived ? "Open again." : "Archived."), onError: complain }),
    },
  ];
}

/** What goes on in the conversation. */
function useTurnCommands(sessionId: string, runningTaskId: string | null): PaletteCommand[] {
  const { items, turns } = useConversation(sessionId);
  const { data: chats } = useChats(sessionId);
  const cancel = useCancel();
  const newChat = useNewChat(sessionId);
  const last = items.findLast((one) => one.kind === "message" && one.role === "assistant");
  const answer = last?.kind === "message" ? last : null;
  const again = useAgain({ taskId: answer?.taskId ?? "", chatId: answer?.chatId ?? "" });
  const outcome = answer && turns.get(answer.taskId)?.end?.outcome;
  const whyNotAgain = runningTaskId ? "a turn runs" : outcome && outcome !== "completed" ? null : "the last turn did not fail";
  const text = answer ? asMarkdown(answer) : "";
  return [
    { name: STOP.what, key: STOP.key, words: ["cancel", "abort", "interrupt"], why: runningTaskId ? null : NO_TURN, run: () => runningTaskId && cancel.mutate(runningTaskId, { onError: complain }) },
    { name: "Resume the last turn", words: ["continue", "go on"], why: whyNotAgain, run: () => again.mutate("resume", { onError: complain }) },
    { name: "Retry the last turn", words: ["again", "repeat"], why: whyNotAgain, run: () => again.mutate("retry", { onError: complain }) },
    { name: "New chat over the same files", words: ["context", "fresh", "clear"], why: chats?.at(-1)?.agent ? null : "the newest chat is still empty", run: () => newChat.mutate(undefined, { onError: complain }) },
    {
      name: "Copy the last answer",
      words: ["clipboard", "markdown"],
      why: text.trim() ? null : "no agent has said anything yet",
      run: () => void copyText(text).then(() => say("The answer is in the clipboard."), complain),
    },
  ];
}

/** What stands beside it. */
function usePanelCommands(sessionId: string, changeId: string | null): PaletteCommand[] {
  const { shown, tab } = usePanel();
  const terminals = useHasTerminal(sessionId);
  const open = (next: Partial<Panel>) => () => setPanel({ shown: true, ...next });
  const whyNot = changeId ? null : "no change waits";
  return [
    { name: "Apply the change…", words: ["merge", "commit", "accept"], why: whyNot, run: open({ tab: "change", asks: "apply" }) },
    { name: "Publish the change…", words: ["push", "pull request", "merge request"], why: whyNot, run: open({ tab: "change", asks: "publish" }) },
    { name: shown ? "Hide the change" : "Show the change", key: SHORTCUTS.change.key, words: ["diff", "review", "panel"], run: () => setPanel({ shown: !shown, tab: "change" }) },
    { name: "Show the history of the files", words: ["rewind", "snapshots", "go back", "compare"], why: shown && tab === "history" ? "it is shown" : null, run: open({ tab: "history" }) },
    { name: "Open the terminal", words: ["shell", "console"], why: terminals ? (shown && tab === "terminal" ? "it is open" : null) : "the service offers none here", run: open({ tab: "terminal" }) },
  ];
}

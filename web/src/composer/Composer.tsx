// Where the person writes to the agent. It hears of the stream only what it needs, so that typing stays quick.
import { ArrowUp } from "lucide-react";
import { memo, useEffect, useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import { sends } from "../keys/sendKey";
import { IconButton } from "../ui/Button";
import { complain } from "../ui/Toasts";
import { AgentPicker } from "./AgentPicker";
import { type Choice, useChoice } from "./choice";
import styles from "./Composer.module.css";
import { keepDraft, readDraft } from "./drafts";
import { FileMenu, useFileMenu } from "./FileMenu";
import { mentionAt, withPath } from "./mention";
import { QueueList } from "./QueueList";
import { SlashMenu, useSlash } from "./SlashMenu";
import { StopButton } from "./StopButton";

/** Where a task goes. */
export interface Target {
  projectId?: string;
  sessionId?: string;
  chatId?: string;
}

interface ComposerProps {
  target: Target;
  /** The task that runs now, if any: it can be stopped, and what is sent waits behind it. */
  runningTaskId: string | null;
  /** Slash commands of the chat's agent. */
  commands?: readonly { name: string; description?: string }[];
  placeholder?: string;
  autoFocus?: boolean;
  onSent?: (sent: { task_id: string; session_id: string; chat_id: string }) => void;
  /** Shown beside the pickers, such as where the work starts. */
  children?: ReactNode;
}

export const Composer = memo(function Composer(props: ComposerProps) {
  const { target, runningTaskId, commands = [], placeholder, autoFocus = false, onSent, children } = props;
  const draftKey = target.sessionId ?? `new-${target.projectId ?? ""}`; // a chat may be known only later
  const [text, setText] = useState(() => readDraft(draftKey));
  const [choice, choose] = useChoice(target);
  const field = useRef<HTMLTextAreaElement>(null);
  const key = useRef(crypto.randomUUID()); // the same until the task is taken: a lost answer sends once
  useEffect(() => keepDraft(draftKey, text), [draftKey, text]);
  useEffect(() => fit(field.current), [text]);
  const send = useAction((prompt: string) => post(target, prompt, choice, key.current), ["tasks", "sessions", "session", "chats"]);
  const submit = () => {
    const prompt = text.trim();
    if (!prompt || send.isPending) return;
    send.mutate(text, {
      onSuccess: (sent) => {
        key.current = crypto.randomUUID();
        setText("");
        keepDraft(draftKey, "");
        onSent?.(sent);
      },
      onError: complain,
    });
  };
  const slash = useSlash(text, commands, (name) => {
    setText(`/${name} `);
    field.current?.focus();
  });
  const [cursor, setCursor] = useState(0);
  const mention = mentionAt(text, cursor);
  const files = useFileMenu(target, mention, (path) => {
    if (!mention) return;
    const next = withPath(text, mention, path);
    flushSync(() => setText(next.text));
    setCursor(next.cursor);
    field.current?.setSelectionRange(next.cursor, next.cursor);
  });
  const menu = slash.open ? slash : files;
  const pressed = (event: React.KeyboardEvent) => {
    if (menu.pressed(event)) return;
    if (sends(event) && !event.nativeEvent.isComposing) {
      event.preventDefault();
      submit();
    }
  };
  return (
    <div className={styles.composer}>
      {target.sessionId && <QueueList sessionId={target.sessionId} runningTaskId={runningTaskId} />}
      <div className={styles.box}>
        {slash.open ? <SlashMenu slash={slash} /> : <FileMenu files={files} />}
        <textarea
          ref={field}
          className={styles.field}
          rows={1}
          value={text}
          autoFocus={autoFocus}
          placeholder={placeholder ?? "What should the agent do?"}
          aria-label="Message to the agent"
          aria-autocomplete="list"
          aria-controls={menu.open ? menu.id : undefined}
          aria-activedescendant={menu.open ? `${menu.id}-${menu.active}` : undefined}
          onChange={(event) => setText(event.target.value)}
          onSelect={(event) => setCursor(event.currentTarget.selectionEnd)}
          onKeyDown={pressed}
        />
        <div className={styles.bar}>
          <AgentPicker choice={choice} onChoose={choose} />
          {children}
          <span className={styles.space} />
          {runningTaskId && <StopButton key={runningTaskId} taskId={runningTaskId} />}
          <IconButton
            className={styles.send}
            label={runningTaskId ? "Queue the message" : "Send"}
            icon={<ArrowUp />}
            disabled={!text.trim() || send.isPending}
            onClick={submit}
          />
        </div>
      </div>
    </div>
  );
});

async function post(target: Target, prompt: string, choice: Choice, key: string) {
  const place = target.chatId
    ? { chat_id: target.chatId }
    : target.sessionId
      ? { session_id: target.sessionId }
      : { project_id: target.projectId ?? null };
  const { agent, model, mode, thinking } = choice;
  return call("POST /api/tasks", { body: { prompt, ...place, agent, model, mode, thinking } }, { headers: { "Idempotency-Key": key } });
}

/** As high as its text, up to a limit set by the style. */
function fit(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

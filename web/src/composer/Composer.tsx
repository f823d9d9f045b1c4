// Where the person writes to the agent. It hears of the stream only what it needs, so that typing stays quick.
import { ArrowUp } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, memo, type ReactNode, useEffect, useRef, useState } from "react";
import type { AgentCommands, StartInput } from "../api/generated";
import { useChats } from "../api/queries";
import { sends } from "../keys/sendKey";
import { IconButton } from "../ui/Button";
import { AgentPicker } from "./AgentPicker";
import { AttachButton } from "./AttachButton";
import { AttachmentBar } from "./AttachmentBar";
import { useChoice } from "./choice";
import styles from "./Composer.module.css";
import { ComposerHint } from "./ComposerHint";
import { readDraft } from "./drafts";
import { FileMenu } from "./FileMenu";
import { NewChatButton } from "./NewChatButton";
import { QueueList } from "./QueueList";
import { SlashMenu } from "./SlashMenu";
import { StopButton } from "./StopButton";
import { useAttachments } from "./useAttachments";
import { useCommands } from "./useCommands";
import { useDrop } from "./useDrop";
import { useMenus } from "./useMenus";
import { useSend } from "./useSend";
import { useSubmit } from "./useSubmit";

/** Where a task goes. */
export interface Target {
  projectId?: string;
  sessionId?: string;
  chatId?: string;
}

/** What came of a message. */
export interface Sent {
  task_id: string;
  session_id: string;
  chat_id: string;
}

interface ComposerProps {
  target: Target;
  /** The task that runs now, if any: it can be stopped, and what is sent waits behind it. */
  runningTaskId: string | null;
  /** Slash commands that an agent has offered in this chat. */
  offered?: AgentCommands;
  placeholder?: string;
  autoFocus?: boolean;
  /** Where a new session's files start from. */
  start?: StartInput;
  onSent?: (sent: Sent) => void;
  /** Shown beside the pickers, such as where the work starts. */
  children?: ReactNode;
}

export const Composer = memo(function Composer(props: ComposerProps) {
  const { target, runningTaskId, start, onSent } = props;
  const draftKey = target.sessionId ?? `new-${target.projectId ?? ""}`; // a chat may be known only later
  const [text, setText] = useState(() => readDraft(draftKey));
  const [choice, choose] = useChoice(target);
  const { data: chats = [] } = useChats(target.sessionId ?? "", target.sessionId !== undefined);
  const field = useRef<HTMLTextAreaElement>(null);
  const attached = useAttachments(draftKey);
  const drop = useDrop(attached.add);
  const menus = useMenus({ text, setText, field }, target, useCommands(props.offered, choice.agent));
  const send = useSend(target, choice, start);
  // A second message to a session may follow at once; a second one to a project would begin another session.
  const { ready, submit } = useSubmit({ draftKey, text, setText, attached, send, goesOn: target.sessionId !== undefined, onSent });
  useEffect(() => fit(field.current), [text]);
  const chat = chats.find((one) => one.id === target.chatId);
  const below = target.sessionId === undefined; // where the composer stands at the top of the page
  return (
    <div className={styles.composer}>
      {target.sessionId && <QueueList sessionId={target.sessionId} runningTaskId={runningTaskId} />}
      <div className={styles.box} data-over={drop.over || undefined} {...drop.handlers}>
        {menus.slash.open ? <SlashMenu slash={menus.slash} below={below} /> : <FileMenu files={menus.files} below={below} />}
        <ComposerHint chats={chats} chatId={target.chatId} choice={choice} />
        <AttachmentBar files={attached.files} onRemove={attached.remove} />
        <Field {...props} field={field} text={text} menus={menus} onText={setText} onFiles={attached.add} onSend={submit} />
        <div className={styles.bar}>
          <AgentPicker choice={choice} onChoose={choose} />
          {props.children}
          <span className={styles.actions}>
            {target.sessionId && <NewChatButton sessionId={target.sessionId} fresh={!chat?.agent} />}
            <AttachButton onFiles={attached.add} />
            {runningTaskId && <StopButton key={runningTaskId} taskId={runningTaskId} />}
            <IconButton className={styles.send} label={runningTaskId ? "Queue the message" : "Send"} icon={<ArrowUp />} disabled={!ready} onClick={submit} />
          </span>
        </div>
      </div>
    </div>
  );
});

interface FieldProps {
  placeholder?: string;
  autoFocus?: boolean;
  field: React.RefObject<HTMLTextAreaElement | null>;
  text: string;
  menus: ReturnType<typeof useMenus>;
  onText: (text: string) => void;
  onFiles: (files: readonly File[]) => void;
  onSend: () => void;
}

function Field({ placeholder, autoFocus = false, field, text, menus, onText, onFiles, onSend }: FieldProps) {
  const { menu, setCursor } = menus;
  const pressed = (event: KeyboardEvent) => {
    if (menu.pressed(event) || event.nativeEvent.isComposing || !sends(event)) return;
    event.preventDefault();
    onSend();
  };
  const pasted = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    // Office programs put a picture of the text beside it: the text is meant.
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    onFiles(files);
  };
  return (
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
      onChange={(event) => {
        onText(event.target.value);
        setCursor(event.target.selectionEnd); // a phone's keyboard tells of no selection
      }}
      onSelect={(event) => setCursor(event.currentTarget.selectionEnd)}
      onKeyDown={pressed}
      onPaste={pasted}
    />
  );
}

/** As high as its text, up to a limit set by the style. */
function fit(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

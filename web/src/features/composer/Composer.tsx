// The composer. It gets only the stream data that it needs, so that typing stays fast.
import { ArrowUp, CornerDownRight } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, memo, type ReactNode, useEffect, useRef, useState } from "react";
import type { AgentCommandsFrame, PermissionFrame, QuestionFrame, StartInput } from "../../shared/api/generated";
import { useChats } from "../../shared/api/queries";
import { sends, steers } from "../../shared/keys/sendKey";
import { keyName, STEER } from "../../shared/keys/shortcuts";
import { IconButton } from "../../shared/ui/Button";
import { AgentPicker } from "./pickers/AgentPicker";
import { AttachButton } from "./AttachButton";
import { AttachmentBar } from "./AttachmentBar";
import { useAgentChoice } from "./pickers/useAgentChoice";
import styles from "./Composer.module.css";
import { ComposerHint } from "./ComposerHint";
import { readDraft } from "./drafts";
import { FileMenu } from "./menus/FileMenu";
import { NewChatButton } from "./NewChatButton";
import { SlashMenu } from "./menus/SlashMenu";
import { StopButton } from "./StopButton";
import type { Sent, Target } from "./target";
import { useAttachments } from "./useAttachments";
import { useCommands } from "./menus/useCommands";
import { useFileDrop } from "./useFileDrop";
import { useComposerMenus } from "./menus/useComposerMenus";
import { useSend } from "./useSend";
import { useSteer } from "./useSteer";
import { useSubmit } from "./useSubmit";
import { WaitingOffer } from "./WaitingOffer";

interface ComposerProps {
  target: Target;
  /** The running task, if any: it can be stopped, and new messages queue behind it. */
  runningTaskId: string | null;
  /** What the agent waits for, if anything: a message may be the answer to it. */
  request?: PermissionFrame | QuestionFrame | null;
  /** Slash commands offered by an agent in this chat. */
  offered?: AgentCommandsFrame;
  placeholder?: string;
  autoFocus?: boolean;
  /** Start point of a new session's files. */
  start?: StartInput;
  onSent?: (sent: Sent) => void;
  /** Shown above the text field, such as the queued messages. */
  above?: ReactNode;
  /** Shown beside the pickers, such as the start of the work. */
  children?: ReactNode;
}

export const Composer = memo(function Composer(props: ComposerProps) {
  const { target, runningTaskId, request = null, start, onSent } = props;
  const draftKey = target.sessionId ?? `new-${target.projectId ?? ""}`; // the chat may not be known yet
  const [text, setText] = useState(() => readDraft(draftKey));
  const { choice, choose, settled } = useAgentChoice(target);
  const { data: chats = [] } = useChats(target.sessionId ?? "", target.sessionId !== undefined);
  const field = useRef<HTMLTextAreaElement>(null);
  const attached = useAttachments(draftKey);
  const drop = useFileDrop(attached.add);
  const menus = useComposerMenus({ text, setText, field }, target, useCommands(props.offered, choice.agent));
  const send = useSend(target, choice, start);
  // A second message to a session may follow at once; a second one to a project would start another session.
  const steer = useSteer(target.sessionId);
  const goesOn = target.sessionId !== undefined;
  const { ready, submit, steerable, submitNow } = useSubmit({ draftKey, text, setText, attached, send, steer, settled, goesOn, onSent });
  const [offered, offer] = useState<string | null>(null); // the request for which it is asked whether the text answers it
  const offering = request !== null && offered === request.request_id && text.trim() !== "";
  const sent = () => (request && text.trim() ? offer(request.request_id) : submit());
  useEffect(() => fit(field.current), [text]);
  const chat = chats.find((one) => one.id === target.chatId);
  const below = target.sessionId === undefined; // the composer is at the top of the page
  return (
    <div className={styles.composer}>
      {props.above}
      <div className={styles.box} data-over={drop.over || undefined} {...drop.handlers}>
        {menus.slash.open ? <SlashMenu slash={menus.slash} below={below} /> : <FileMenu files={menus.files} below={below} />}
        {offering && (
          <WaitingOffer
            request={request}
            text={text}
            onAnswered={() => setText("")}
            onQueue={() => {
              offer(null);
              submit();
            }}
            onClose={() => {
              offer(null);
              field.current?.focus();
            }}
          />
        )}
        <ComposerHint chats={chats} chatId={target.chatId} choice={choice} />
        <AttachmentBar files={attached.files} onRemove={attached.remove} />
        <Field {...props} field={field} text={text} menus={menus} onText={setText} onFiles={attached.add} onSend={sent} onSteer={runningTaskId ? submitNow : undefined} />
        <div className={styles.bar}>
          <AgentPicker choice={choice} onChoose={choose} />
          {props.children}
          <span className={styles.actions}>
            {target.sessionId && <NewChatButton sessionId={target.sessionId} fresh={!chat?.agent} />}
            <AttachButton onFiles={attached.add} />
            {runningTaskId && <StopButton key={runningTaskId} taskId={runningTaskId} />}
            {runningTaskId && (
              <IconButton
                label={`Send now, to the running turn (${keyName(STEER.key)})`}
                icon={<CornerDownRight />}
                disabled={!steerable}
                onClick={submitNow}
              />
            )}
            <IconButton className={styles.send} label={runningTaskId ? "Queue the message" : "Send"} icon={<ArrowUp />} disabled={!ready} onClick={sent} />
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
  menus: ReturnType<typeof useComposerMenus>;
  onText: (text: string) => void;
  onFiles: (files: readonly File[]) => void;
  onSend: () => void;
  /** Give the text to the running turn; only while one runs. */
  onSteer: (() => void) | undefined;
}

function Field({ placeholder, autoFocus = false, field, text, menus, onText, onFiles, onSend, onSteer }: FieldProps) {
  const { menu, setCursor } = menus;
  const pressed = (event: KeyboardEvent) => {
    if (menu.pressed(event) || event.nativeEvent.isComposing) return;
    const act = onSteer && steers(event) ? onSteer : sends(event) ? onSend : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  };
  const pasted = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    // Office programs add a picture of the text: paste the text.
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
        setCursor(event.target.selectionEnd); // phone keyboards fire no select event
      }}
      onSelect={(event) => setCursor(event.currentTarget.selectionEnd)}
      onKeyDown={pressed}
      onPaste={pasted}
    />
  );
}

/** Grow with the text, up to the style's limit. */
function fit(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

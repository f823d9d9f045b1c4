// Submits the text: the field is cleared at once, and a text that could not be sent returns to it.
import { useEffect, useState } from "react";
import { showError } from "../../shared/ui/Toasts";
import type { Sent } from "./target";
import { saveDraft, readDraft } from "./drafts";
import type { AttachmentsState } from "./useAttachments";
import type { useSend } from "./useSend";
import type { useSteer } from "./useSteer";

interface Writing {
  draftKey: string;
  text: string;
  setText: (change: (now: string) => string) => void;
  attached: AttachmentsState;
  send: ReturnType<typeof useSend>;
  steer: ReturnType<typeof useSteer>;
  /** Whether it is known which agent gets the message. */
  settled: boolean;
  /** Whether another message may be sent before this one is accepted. */
  goesOn: boolean;
  onSent: ((sent: Sent) => void) | undefined;
}

export function useSubmit({ draftKey, text, setText, attached, send, steer, settled, goesOn, onSent }: Writing) {
  const [underway, setUnderway] = useState<readonly string[]>([]);
  useEffect(() => saveDraft(draftKey, joined(...underway, text)), [draftKey, underway, text]);
  const [awaited, setAwaited] = useState<string | null>(null); // sent too early, while agents or files still load
  const ready = Boolean(text.trim()) && settled && (goesOn || !send.isPending) && !attached.busy;
  const clear = () => {
    setUnderway((now) => [...now, text]);
    setText(() => "");
    attached.clear();
  };
  const over = () => setUnderway((now) => now.toSpliced(now.indexOf(text), 1));
  const submit = () => {
    setAwaited(ready ? null : text);
    if (!ready) return;
    const { files, ids } = attached;
    clear();
    const done = (sent: Sent) => {
      if (readDraft(draftKey) === text) saveDraft(draftKey, ""); // this composer may be unmounted by now
      onSent?.(sent);
    };
    const failed = (error: Error) => {
      setText((now) => joined(text, now));
      attached.putBack(files);
      showError(error);
    };
    send.mutate({ prompt: text, attachments: ids }, { onSuccess: done, onError: failed, onSettled: over });
  };
  const steerable = Boolean(text.trim()) && attached.ids.length === 0 && !attached.busy;
  const submitNow = () => {
    if (!steerable) return;
    clear();
    const failed = (error: Error) => {
      setText((now) => joined(text, now));
      showError(error);
    };
    steer.mutate(text, { onError: failed, onSettled: over });
  };
  if (awaited !== null && awaited !== text) setAwaited(null); // it was edited: the person sends it anew
  useEffect(() => {
    if (ready && awaited === text) submit();
  });
  return { ready, submit, steerable, submitNow };
}

function joined(...texts: readonly string[]): string {
  return texts.filter(Boolean).join("\n\n");
}

// What happens to the text when it is sent: the field is free at once, and what could not be sent comes back into it.
import { useEffect, useState } from "react";
import { complain } from "../ui/Toasts";
import type { Sent } from "./Composer";
import { keepDraft, readDraft } from "./drafts";
import type { AttachmentsState } from "./useAttachments";
import type { useSend } from "./useSend";

interface Writing {
  draftKey: string;
  text: string;
  setText: (change: (now: string) => string) => void;
  attached: AttachmentsState;
  send: ReturnType<typeof useSend>;
  /** Whether the next message may follow before this one is answered. */
  goesOn: boolean;
  onSent: ((sent: Sent) => void) | undefined;
}

export function useSubmit({ draftKey, text, setText, attached, send, goesOn, onSent }: Writing) {
  const [underway, setUnderway] = useState<readonly string[]>([]);
  useEffect(() => keepDraft(draftKey, joined(...underway, text)), [draftKey, underway, text]);
  const ready = Boolean(text.trim()) && (goesOn || !send.isPending) && !attached.busy;
  const submit = () => {
    if (!ready) return;
    const { files, ids } = attached;
    setUnderway((now) => [...now, text]);
    setText(() => "");
    attached.clear();
    const done = (sent: Sent) => {
      if (readDraft(draftKey) === text) keepDraft(draftKey, ""); // this composer may have gone by now
      onSent?.(sent);
    };
    const failed = (error: Error) => {
      setText((now) => joined(text, now));
      attached.putBack(files);
      complain(error);
    };
    const over = () => setUnderway((now) => now.toSpliced(now.indexOf(text), 1));
    send.mutate({ prompt: text, attachments: ids }, { onSuccess: done, onError: failed, onSettled: over });
  };
  return { ready, submit };
}

function joined(...texts: readonly string[]): string {
  return texts.filter(Boolean).join("\n\n");
}

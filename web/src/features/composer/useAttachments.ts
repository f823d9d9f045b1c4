// Attachments of the next message. Uploaded ones are stored with the draft.
import { useEffect, useRef, useState } from "react";
import { ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX, sizeName, uploadFile } from "../../shared/api/attachments";
import { Problem } from "../../shared/api/client";
import type { AttachmentInfo } from "../../shared/api/generated";
import { showError } from "../../shared/ui/Toasts";

export interface PendingAttachment {
  key: string;
  name: string;
  /** Null while it is uploading. */
  there: AttachmentInfo | null;
}

export interface AttachmentsState {
  files: readonly PendingAttachment[];
  /** Whether an upload is running. */
  busy: boolean;
  ids: readonly string[];
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
  /** Return attachments of a failed message, before newer ones. */
  putBack: (files: readonly PendingAttachment[]) => void;
}

const PREFIX = "boocoder.attached.";

export function useAttachments(draftKey: string): AttachmentsState {
  const [files, setFiles] = useState<readonly PendingAttachment[]>(() => readKept(draftKey));
  const latest = useRef(files);
  latest.current = files;
  const there = files.flatMap((file) => file.there ?? []);
  const kept = JSON.stringify(there);
  useEffect(() => keep(draftKey, kept), [draftKey, kept]);
  const remove = (key: string) => setFiles((now) => now.filter((file) => file.key !== key));
  const addOne = (file: File) => {
    const key = crypto.randomUUID();
    setFiles((now) => [...now, { key, name: file.name, there: null }]);
    uploadFile(file).then(
      (made) => setFiles((now) => now.map((one) => (one.key === key ? { ...one, there: made } : one))),
      (error: unknown) => {
        remove(key);
        showError(error);
      },
    );
  };
  const add = (wanted: readonly File[]) => {
    const room = ATTACHMENTS_MAX - latest.current.length;
    if (wanted.length > room) showError(`A message can have at most ${ATTACHMENTS_MAX} files.`);
    for (const file of wanted.slice(0, Math.max(0, room))) {
      const problem = unfit(file);
      if (problem) showError(problem);
      else addOne(file);
    }
  };
  const putBack = (again: readonly PendingAttachment[]) => setFiles((now) => [...again, ...now]);
  return { files, busy: there.length < files.length, ids: there.map((one) => one.id), add, remove, clear: () => setFiles([]), putBack };
}

function unfit(file: File): Problem | null {
  if (file.size === 0) return new Problem(0, "attachment_empty", `${file.name} is empty, or a folder.`, "Attach a file with content.");
  if (file.size <= ATTACHMENT_MAX_BYTES) return null;
  const text = `${file.name} is ${sizeName(file.size)}; the limit is ${sizeName(ATTACHMENT_MAX_BYTES)}.`;
  return new Problem(0, "attachment_too_large", text, "Name its path in the message instead.");
}

function readKept(draftKey: string): PendingAttachment[] {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + draftKey) ?? "[]") as AttachmentInfo[];
    return kept.map((there) => ({ key: there.id, name: there.name, there }));
  } catch {
    return [];
  }
}

function keep(draftKey: string, kept: string): void {
  try {
    if (kept === "[]") localStorage.removeItem(PREFIX + draftKey);
    else localStorage.setItem(PREFIX + draftKey, kept);
  } catch {
    // storage is full: the attachments are sent, but a page reload loses them
  }
}

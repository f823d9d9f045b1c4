// The files that go with the next message. Those that the service has are kept with the draft.
import { useEffect, useRef, useState } from "react";
import { ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX, sizeName, uploadFile } from "../api/attachments";
import { Problem } from "../api/client";
import type { AttachmentOut } from "../api/generated";
import { complain } from "../ui/Toasts";

export interface Attaching {
  key: string;
  name: string;
  /** Null while it is under way to the service. */
  there: AttachmentOut | null;
}

export interface AttachmentsState {
  files: readonly Attaching[];
  /** Whether one is still under way. */
  busy: boolean;
  ids: readonly string[];
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  clear: () => void;
  /** In front of what was attached since. */
  putBack: (files: readonly Attaching[]) => void;
}

const PREFIX = "boocoder.attached.";

export function useAttachments(draftKey: string): AttachmentsState {
  const [files, setFiles] = useState<readonly Attaching[]>(() => readKept(draftKey));
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
        complain(error);
      },
    );
  };
  const add = (wanted: readonly File[]) => {
    const room = ATTACHMENTS_MAX - latest.current.length;
    if (wanted.length > room) complain(`A message takes ${ATTACHMENTS_MAX} files at most.`);
    for (const file of wanted.slice(0, Math.max(0, room))) {
      const problem = unfit(file);
      if (problem) complain(problem);
      else addOne(file);
    }
  };
  const putBack = (again: readonly Attaching[]) => setFiles((now) => [...again, ...now]);
  return { files, busy: there.length < files.length, ids: there.map((one) => one.id), add, remove, clear: () => setFiles([]), putBack };
}

function unfit(file: File): Problem | null {
  if (file.size === 0) return new Problem(0, "attachment_empty", `${file.name} is empty, or a folder.`, "Attach a file that has something in it.");
  if (file.size <= ATTACHMENT_MAX_BYTES) return null;
  const text = `${file.name} has ${sizeName(file.size)}; ${sizeName(ATTACHMENT_MAX_BYTES)} are allowed.`;
  return new Problem(0, "attachment_too_large", text, "Name its path in the message instead.");
}

function readKept(draftKey: string): Attaching[] {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + draftKey) ?? "[]") as AttachmentOut[];
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
    // the browser's room is full: the files go with the message all the same, unless the page is loaded anew
  }
}

// Attachments of a sent message: images as thumbnails that open large, others as downloads.
import { File } from "lucide-react";
import { type MouseEvent, useState } from "react";
import { attachmentAddress, isImage, sizeName } from "../../shared/api/attachments";
import type { AttachmentData } from "../../shared/api/generated";
import { Dialog } from "../../shared/ui/Dialog";
import styles from "./AttachmentList.module.css";

export function AttachmentList({ files }: { files: readonly AttachmentData[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.files} aria-label="Attached files">
      {files.map((file) => (
        <li key={file.id}>{isImage(file) ? <Thumbnail file={file} /> : <Download file={file} />}</li>
      ))}
    </ul>
  );
}

function Download({ file }: { file: AttachmentData }) {
  return (
    <a className={styles.file} href={attachmentAddress(file.id)} target="_blank" rel="noopener noreferrer">
      <File aria-hidden /> {file.name} <small>{sizeName(file.size_bytes)}</small>
    </a>
  );
}

function Thumbnail({ file }: { file: AttachmentData }) {
  const [open, setOpen] = useState(false);
  const address = attachmentAddress(file.id);
  const show = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the person wants a tab or a window
    event.preventDefault();
    setOpen(true);
  };
  return (
    <>
      <a className={styles.file} href={address} target="_blank" rel="noopener noreferrer" onClick={show}>
        <img src={address} alt={file.name} loading="lazy" />
      </a>
      {open && (
        <Dialog size="image" title={file.name} onClose={() => setOpen(false)}>
          <img className={styles.large} src={address} alt={file.name} />
          <a href={address} target="_blank" rel="noopener noreferrer">
            Open in a new tab
          </a>
        </Dialog>
      )}
    </>
  );
}

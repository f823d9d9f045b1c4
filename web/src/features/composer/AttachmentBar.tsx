// Attachments of the next message, each with a remove button.
import { File, LoaderCircle, X } from "lucide-react";
import { attachmentAddress, isImage, sizeName } from "../../shared/api/attachments";
import { visible } from "../../shared/text/visible";
import { IconButton } from "../../shared/ui/Button";
import styles from "./AttachmentBar.module.css";
import type { PendingAttachment } from "./useAttachments";

interface AttachmentBarProps {
  files: readonly PendingAttachment[];
  onRemove: (key: string) => void;
}

export function AttachmentBar({ files, onRemove }: AttachmentBarProps) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.bar} aria-label="Attached files">
      {files.map((file) => (
        <li key={file.key} className={styles.file}>
          <Sign file={file} />
          <span className={styles.name} title={visible(file.name)}>
            {visible(file.name)}
          </span>
          <small>{file.there ? sizeName(file.there.size_bytes) : "uploading"}</small>
          <IconButton label={`Remove ${visible(file.name)}`} icon={<X />} onClick={() => onRemove(file.key)} />
        </li>
      ))}
    </ul>
  );
}

function Sign({ file: { there } }: { file: PendingAttachment }) {
  if (!there) return <LoaderCircle className={styles.busy} aria-hidden />;
  return isImage(there) ? <img src={attachmentAddress(there.id)} alt="" loading="lazy" /> : <File aria-hidden />;
}

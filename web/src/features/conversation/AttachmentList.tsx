// Attachments of a sent message: images as thumbnails, others as downloads.
import { File } from "lucide-react";
import { attachmentAddress, isImage, sizeName } from "../../shared/api/attachments";
import type { AttachmentData } from "../../shared/api/generated";
import styles from "./AttachmentList.module.css";

export function AttachmentList({ files }: { files: readonly AttachmentData[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={styles.files} aria-label="Attached files">
      {files.map((file) => (
        <li key={file.id}>
          <a className={styles.file} href={attachmentAddress(file.id)} target="_blank" rel="noopener noreferrer">
            {isImage(file) ? (
              <img src={attachmentAddress(file.id)} alt={file.name} loading="lazy" />
            ) : (
              <>
                <File aria-hidden /> {file.name} <small>{sizeName(file.size_bytes)}</small>
              </>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}

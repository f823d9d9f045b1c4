// Attachments: uploaded ahead of the message; the service keeps them until a task uses them.
import { call } from "./client";
import type { AttachmentInfo } from "./generated";

/** The service's limit. */
export const ATTACHMENT_MAX_BYTES = 3_000_000;
export const ATTACHMENTS_MAX = 20;

const CHUNK = 0x8000; // bytes that one call accepts as arguments

export async function uploadFile(file: File): Promise<AttachmentInfo> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return call("POST /api/attachments", { body: { name: file.name.slice(-200) || "file", content: btoa(text) } });
}

export function attachmentAddress(id: string): string {
  return `/api/attachments/${encodeURIComponent(id)}`;
}

/** Whether the service displays it as an image; anything else is downloaded. */
export function isImage(attachment: { media_type: string }): boolean {
  return ["image/png", "image/jpeg", "image/gif", "image/webp"].includes(attachment.media_type);
}

export function sizeName(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 999_500 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

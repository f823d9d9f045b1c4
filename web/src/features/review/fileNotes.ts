// Notes on a changed file other than its lines.
import type { ReviewedFile } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";

export function fileNotes(file: ReviewedFile): string[] {
  const facts: string[] = [];
  if (file.status === "added") facts.push("new file");
  if (file.status === "deleted") facts.push("deleted");
  if (file.old_path) facts.push(`renamed from ${visible(file.old_path)}`);
  if (file.new_mode === "120000") facts.push("symbolic link");
  if (exists(file.old_mode) && exists(file.new_mode) && file.old_mode !== file.new_mode) facts.push(`mode ${file.old_mode} → ${file.new_mode}`);
  if (file.binary) facts.push(`binary, ${size(file.old_size)} → ${size(file.new_size)}`);
  if (file.lfs) facts.push(`Git LFS, ${size(file.old_size)} → ${size(file.new_size)}`);
  if (file.too_large) facts.push("too large to show");
  return facts;
}

/** git writes a mode of zeros for a missing file. */
function exists(mode: string): boolean {
  return /[1-9]/.test(mode);
}

function size(bytes: number | null): string {
  if (bytes === null) return "nothing";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

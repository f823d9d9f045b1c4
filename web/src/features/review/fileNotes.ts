// Notes on a changed file other than its lines.
import type { ReviewedFile } from "../../shared/api/generated";
import { byteSize, exists, modeName } from "../../shared/review/fileSize";
import { visible } from "../../shared/text/visible";

export function fileNotes(file: ReviewedFile): string[] {
  const facts: string[] = [];
  if (file.status === "added") facts.push("new file");
  if (file.status === "deleted") facts.push("deleted");
  if (file.old_path) facts.push(`renamed from ${visible(file.old_path)}`);
  if (exists(file.old_mode) && exists(file.new_mode) && file.old_mode !== file.new_mode) facts.push(`was ${article(modeName(file.old_mode))}, is now ${article(modeName(file.new_mode))}`);
  else if (file.new_mode === "120000") facts.push("symbolic link");
  if (file.binary) facts.push(`binary, ${sizes(file)}`);
  if (file.lfs) facts.push(`Git LFS, ${sizes(file)}`);
  if (file.too_large) facts.push(`too large to show, ${sizes(file)}`);
  return facts;
}

function sizes({ old_size, new_size }: ReviewedFile): string {
  if (old_size === null || new_size === null) return byteSize(old_size ?? new_size);
  return old_size === new_size ? `still ${byteSize(new_size)}` : `${byteSize(old_size)} → ${byteSize(new_size)}`;
}

function article(name: string): string {
  if (name === "executable") return name;
  return name.startsWith("mode") ? name : `a ${name}`;
}

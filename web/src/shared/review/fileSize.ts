// How large a change of a file is, in the few characters that a row has room for.
import type { ReviewedFile } from "../api/generated";

const MODES: Record<string, string> = { "100644": "regular file", "100755": "executable", "120000": "symbolic link", "160000": "submodule" };

/** A mode of git in words, such as "executable". */
export function modeName(mode: string): string {
  return MODES[mode] ?? `mode ${mode}`;
}

/** git writes a mode of zeros for a missing file. */
export function exists(mode: string): boolean {
  return /[1-9]/.test(mode);
}

export function byteSize(bytes: number | null): string {
  if (bytes === null) return "nothing";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

type Measured = Pick<ReviewedFile, "additions" | "deletions" | "binary" | "lfs" | "too_large" | "old_size" | "new_size" | "old_mode" | "new_mode" | "old_path">;

/** What to say of a file without changed lines; null where its lines tell. */
export function sizeWords(file: Measured): string | null {
  if (file.additions || file.deletions) return null;
  if (file.binary || file.lfs || file.too_large) return file.new_size === null ? "removed" : file.old_size === null ? byteSize(file.new_size) : sizeStep(file.new_size - file.old_size);
  if (exists(file.old_mode) && exists(file.new_mode) && file.old_mode !== file.new_mode) return modeName(file.new_mode);
  if (file.new_mode === "120000" || file.new_mode === "160000") return modeName(file.new_mode);
  if (file.old_path) return "renamed";
  return exists(file.new_mode) ? "empty" : "removed";
}

function sizeStep(bytes: number): string {
  if (bytes === 0) return "same size";
  return `${bytes < 0 ? "−" : "+"}${byteSize(Math.abs(bytes))}`;
}

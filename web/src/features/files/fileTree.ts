// The files of a change as rows of a folding tree; folders sum their content.
import type { ReviewedFile } from "../../shared/api/generated";

/** Sums of a file, or of all files in a folder. */
export interface Sums {
  files: number;
  additions: number;
  deletions: number;
  units: number;
  accepted: number;
  rejected: number;
  open: number;
  flags: number;
}

interface Place {
  /** Stable while the change grows. */
  key: string;
  name: string;
  /** 1 at the root. */
  level: number;
  /** Position among its siblings, from 1, and their number. */
  at: number;
  of: number;
  sums: Sums;
}

export type FolderRow = Place & { kind: "folder"; open: boolean };
export type FileRow = Place & { kind: "file"; file: ReviewedFile };
export type TreeRow = FolderRow | FileRow;

interface Folder {
  /** Path from the root with a trailing slash; "" is the root. */
  path: string;
  parts: Map<string, Folder | ReviewedFile>;
  sums: Sums;
}

/** Folders and files in the order of the diff. */
export function treeOf(files: readonly ReviewedFile[]): Folder {
  const root = folder("");
  for (const file of files) {
    const names = file.path.split("/");
    let here = root;
    add(here.sums, sumsOf(file));
    for (const name of names.slice(0, -1)) {
      const key = `${name}/`;
      const below = (here.parts.get(key) as Folder | undefined) ?? folder(here.path + key);
      here.parts.set(key, below);
      add(below.sums, sumsOf(file));
      here = below;
    }
    here.parts.set(fileKey(file), file);
  }
  return root;
}

/** @param folded keys of folded folders. */
export function treeRows(root: Folder, folded: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const visit = (here: Folder, level: number) => {
    let at = 0;
    for (const part of here.parts.values()) {
      const place = { level, at: ++at, of: here.parts.size };
      if (!isFolder(part)) {
        rows.push({ kind: "file", key: fileKey(part), name: part.path.slice(here.path.length), ...place, sums: sumsOf(part), file: part });
        continue;
      }
      const end = joined(part);
      const open = !folded.has(end.path);
      rows.push({ kind: "folder", key: end.path, name: end.path.slice(here.path.length, -1), ...place, sums: end.sums, open });
      if (open) visit(end, level + 1);
    }
  };
  visit(root, 1);
  return rows;
}

/** Files only, with full paths. */
export function listRows(files: readonly ReviewedFile[]): FileRow[] {
  return files.map((file, index) => ({ kind: "file", key: fileKey(file), name: file.path, level: 1, at: index + 1, of: files.length, sums: sumsOf(file), file }));
}

/** Review progress of a file or folder, as a mark and in words. */
export function decided({ units, accepted, rejected, open }: Sums): { kind: "open" | "some" | "accepted" | "rejected" | "mixed"; mark: string; words: string } {
  if (open === units) return { kind: "open", mark: "", words: "not decided" };
  if (open > 0) return { kind: "some", mark: `${units - open}/${units}`, words: `${units - open} of ${units} parts decided` };
  if (rejected === 0) return { kind: "accepted", mark: "✓", words: "accepted" };
  if (accepted === 0) return { kind: "rejected", mark: "✗", words: "rejected" };
  return { kind: "mixed", mark: `${accepted}✓ ${rejected}✗`, words: `${accepted} parts accepted, ${rejected} rejected` };
}

/** A folder that contains only one folder is merged with it into one row. */
function joined(here: Folder): Folder {
  const [only, ...others] = here.parts.values();
  return only && others.length === 0 && isFolder(only) ? joined(only) : here;
}

function folder(path: string): Folder {
  return { path, parts: new Map(), sums: { files: 0, additions: 0, deletions: 0, units: 0, accepted: 0, rejected: 0, open: 0, flags: 0 } };
}

function isFolder(part: Folder | ReviewedFile): part is Folder {
  return "parts" in part;
}

/** A file's key: it has no trailing slash, unlike a folder's, and marks names that are not valid UTF-8. */
function fileKey(file: ReviewedFile): string {
  return file.path_coded ? `${file.path}\n` : file.path;
}

function sumsOf(file: ReviewedFile): Sums {
  const { additions, deletions, units, accepted, rejected, open } = file;
  return { files: 1, additions, deletions, units, accepted, rejected, open, flags: file.flags.length };
}

function add(total: Sums, more: Sums): void {
  for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += more[name];
}

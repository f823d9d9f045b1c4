// Parses the output of `git diff --binary --full-index` into drawable lines.
import type { DiffLine } from "../../shared/api/generated";

export interface PatchFile {
  path: string;
  /** Facts other than lines: new, deleted, renamed, mode, binary. */
  facts: string[];
  hunks: DiffLine[][];
  additions: number;
  deletions: number;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

export function parsePatch(text: string): PatchFile[] {
  const files: PatchFile[] = [];
  let file: PatchFile | null = null;
  let [old, now, oldLeft, newLeft] = [0, 0, 0, 0];
  for (const raw of text.split("\n")) {
    if (file && (oldLeft > 0 || newLeft > 0 || raw.startsWith("\\"))) {
      const hunk = file.hunks.at(-1) ?? [];
      const kind = raw[0] === "+" ? "added" : raw[0] === "-" ? "removed" : "context";
      if (raw.startsWith("\\")) {
        const last = hunk.at(-1);
        if (last) last.end = "none";
        continue;
      }
      hunk.push(lineOf(raw.slice(1), kind, kind === "added" ? null : old, kind === "removed" ? null : now));
      if (kind !== "added") {
        old += 1;
        oldLeft -= 1;
      }
      if (kind !== "removed") {
        now += 1;
        newLeft -= 1;
      }
      if (kind === "added") file.additions += 1;
      if (kind === "removed") file.deletions += 1;
      continue;
    }
    if (raw.startsWith("diff --git ")) {
      file = { path: pathOf(raw), facts: [], hunks: [], additions: 0, deletions: 0 };
      files.push(file);
      continue;
    }
    const found = file && HUNK.exec(raw);
    if (file && found) {
      [old, now] = [Number(found[1]), Number(found[2])];
      [oldLeft, newLeft] = lengths(raw);
      file.hunks.push([]);
    } else if (file) head(file, raw);
  }
  return files;
}

function lineOf(raw: string, kind: DiffLine["kind"], old: number | null, now: number | null): DiffLine {
  const crlf = raw.endsWith("\r");
  const text = crlf ? raw.slice(0, -1) : raw;
  return { kind, old, new: now, text, end: crlf ? "crlf" : "lf", utf8: !text.includes("\ufffd"), spans: [], left_out: 0 };
}

/** Line counts of a hunk's old and new side. */
function lengths(head: string): [number, number] {
  const [, old, now] = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(head) ?? [];
  return [Number(old ?? 1), Number(now ?? 1)];
}

function head(file: PatchFile, raw: string): void {
  if (raw.startsWith("new file mode ")) file.facts.push(raw.endsWith("120000") ? "new symbolic link" : "new file");
  else if (raw.startsWith("deleted file mode ")) file.facts.push("deleted");
  else if (raw.startsWith("old mode ")) file.facts.push(`mode ${raw.slice(9)}`);
  else if (raw.startsWith("new mode ")) file.facts.push(`${file.facts.pop() ?? "mode"} → ${raw.slice(9)}`);
  else if (raw.startsWith("rename from ")) file.facts.push(`renamed from ${unquoted(raw.slice(12))}`);
  else if (raw.startsWith("rename to ")) file.path = unquoted(raw.slice(10));
  else if (raw === "GIT binary patch" || raw.startsWith("Binary files ")) file.facts.push("binary");
  else if (raw.startsWith("+++ b/") || raw.startsWith('+++ "b/')) file.path = unquoted(raw.slice(4)).slice(2);
}

/** The path in "diff --git a/x b/x"; later lines repeat it where the two names differ. */
function pathOf(raw: string): string {
  const names = raw.slice("diff --git ".length);
  if (names.startsWith('"')) return unquoted(names.slice(names.indexOf('" ') + 2)).slice(2);
  return names.slice((names.length + 1) / 2 + 2);
}

const ESCAPES: Record<string, string> = { t: "\t", n: "\n", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v" };

/** Undo git's quoting of a name: octal escapes are bytes of UTF-8. */
function unquoted(name: string): string {
  const plain = name.replace(/\t$/, ""); // git's terminator for names with spaces
  if (!plain.startsWith('"')) return plain;
  const bytes: number[] = [];
  for (const [, octal, letter, text] of plain.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/g)) {
    if (octal) bytes.push(parseInt(octal, 8));
    else bytes.push(...new TextEncoder().encode(letter ? (ESCAPES[letter] ?? letter) : text));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

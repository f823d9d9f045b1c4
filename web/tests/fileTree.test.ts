import { expect, test } from "vitest";
import type { ReviewedFile } from "../src/shared/api/generated";
import { decided, listRows, treeOf, treeRows, type TreeRow } from "../src/features/files/fileTree";
import { treeStep, typedAhead } from "../src/features/files/treeKeys";

function file(path: string, counts: Partial<ReviewedFile> = {}): ReviewedFile {
  const none = { additions: 1, deletions: 0, units: 1, accepted: 0, rejected: 0, open: 1, flags: [], path_coded: false };
  return { number: 0, path, status: "modified", ...none, ...counts } as unknown as ReviewedFile;
}

const FILES = [
  file("README.md"),
  file("src/boocoder/api/a.py", { additions: 3, deletions: 2, open: 0, accepted: 1 }),
  file("src/boocoder/api/b.py", { flags: [{ kind: "secret", reason: "a key", line: 1 }] }),
  file("src/boocoder/db/sql/x.sql", { units: 4, open: 1, accepted: 1, rejected: 2 }),
  file("web/index.html"),
];

function drawn(rows: readonly TreeRow[]): string[] {
  return rows.map((row) => "  ".repeat(row.level - 1) + row.name + (row.kind === "folder" ? (row.open ? "/" : "/…") : ""));
}

const rows = (...folded: string[]) => treeRows(treeOf(FILES), new Set(folded));

test("folders with one folder in them are one row with it, in the order of the change", () => {
  expect(drawn(rows())).toEqual(["README.md", "src/boocoder/", "  api/", "    a.py", "    b.py", "  db/sql/", "    x.sql", "web/", "  index.html"]);
  expect(drawn(rows("src/boocoder/api/", "web/"))).toEqual(["README.md", "src/boocoder/", "  api/…", "  db/sql/", "    x.sql", "web/…"]);
  expect(drawn(rows("src/boocoder/"))).toEqual(["README.md", "src/boocoder/…", "web/", "  index.html"]);
  expect(drawn(listRows(FILES))).toEqual(FILES.map((one) => one.path));
});

test("a folder sums what is in it, also when it is folded", () => {
  const [, source] = rows("src/boocoder/");
  expect(source?.sums).toEqual({ files: 3, additions: 5, deletions: 2, units: 6, accepted: 2, rejected: 2, open: 2, flags: 1 });
  expect([source?.at, source?.of]).toEqual([2, 3]);
});

test("what was folded stays so when a later turn changes more files", () => {
  const grown = [...FILES.slice(0, 4), file("src/other.py"), FILES[4] as ReviewedFile];
  expect(drawn(treeRows(treeOf(grown), new Set(["src/boocoder/"])))).toEqual(["README.md", "src/", "  boocoder/…", "  other.py", "web/", "  index.html"]);
});

test("a file in the place of a folder is a row of its own", () => {
  const both = [file("x", { status: "deleted" }), file("x/y")];
  expect(new Set(treeRows(treeOf(both), new Set()).map((row) => row.key)).size).toBe(3);
});

test("decisions are said in words and by a mark", () => {
  const of = (accepted: number, rejected: number, open: number) => decided({ ...(listRows(FILES)[0] as TreeRow).sums, units: accepted + rejected + open, accepted, rejected, open });
  expect([of(0, 0, 2), of(1, 0, 1), of(2, 0, 0), of(0, 2, 0), of(1, 2, 0)].map((one) => [one.kind, one.mark])).toEqual([
    ["open", ""],
    ["some", "1/2"],
    ["accepted", "✓"],
    ["rejected", "✗"],
    ["mixed", "1✓ 2✗"],
  ]);
  expect(of(1, 2, 1).words).toBe("3 of 4 parts decided");
});

test("the arrow keys walk, open and fold", () => {
  const all = rows();
  const at = (key: string) => all.findIndex((row) => row.key === key);
  expect(treeStep(all, 0, "ArrowUp")).toEqual({ go: "README.md" });
  expect(treeStep(all, 0, "ArrowDown")).toEqual({ go: "src/boocoder/" });
  expect(treeStep(all, 0, "End")).toEqual({ go: "web/index.html" });
  expect(treeStep(all, 5, "Home")).toEqual({ go: "README.md" });
  expect(treeStep(all, at("src/boocoder/api/b.py"), "ArrowLeft")).toEqual({ go: "src/boocoder/api/" });
  expect(treeStep(all, at("src/boocoder/db/sql/"), "ArrowLeft")).toEqual({ fold: "src/boocoder/db/sql/" });
  expect(treeStep(all, at("src/boocoder/"), "ArrowRight")).toEqual({ go: "src/boocoder/api/" });
  expect(treeStep(rows("web/"), 7, "ArrowRight")).toEqual({ open: ["web/"] });
  expect(treeStep(all, at("src/boocoder/api/a.py"), "Enter")).toEqual({ take: "src/boocoder/api/a.py" });
  expect(treeStep(all, 0, "x")).toBeNull();
});

test("a star opens all folders beside the one with the keyboard", () => {
  const folded = rows("src/boocoder/api/", "src/boocoder/db/sql/", "web/");
  expect(treeStep(folded, 2, "*")).toEqual({ open: ["src/boocoder/api/", "src/boocoder/db/sql/"] });
  expect(treeStep(folded, 0, "*")).toEqual({ open: ["src/boocoder/", "web/"] });
});

test("typing goes to the next row that begins so", () => {
  const all = rows();
  expect(typedAhead(all, 0, "w")).toBe("web/");
  expect(typedAhead(all, 0, "sq")).toBe("src/boocoder/db/sql/");
  expect(typedAhead(all, 3, "a")).toBe("src/boocoder/api/");
  expect(typedAhead(all, 2, "aa")).toBe("src/boocoder/api/a.py");
  expect(typedAhead(all, 0, "zz")).toBeNull();
});

import { expect, test } from "vitest";
import type { SnapshotInfo } from "../src/shared/api/generated";
import { beforeNewestTurn, historyEntries } from "../src/features/history/historyEntries";
import { parsePatch } from "../src/features/history/parsePatch";

const PATCH = `diff --git a/src/a b.py b/src/a b.py
index 1..2 100644
--- a/src/a b.py\t
+++ b/src/a b.py\t
@@ -1,3 +1,3 @@ def f():
 one
--- two
+++ zwei
 three\r
@@ -9 +9,2 @@
-nine
\\ No newline at end of file
+nine
+ten
diff --git a/old.txt b/new.txt
similarity index 100%
rename from old.txt
rename to new.txt
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/x.bin b/x.bin
new file mode 100644
index 0..1
GIT binary patch
literal 3
Kcmb1P

literal 0
HcmV?d00001

diff --git "a/caf\\303\\251.txt" "b/caf\\303\\251.txt"
deleted file mode 100644
--- "a/caf\\303\\251.txt"
+++ /dev/null
@@ -1 +0,0 @@
-x
`;

test("a difference is read into files, hunks and numbered lines", () => {
  const files = parsePatch(PATCH);
  expect(files.map((one) => one.path)).toEqual(["src/a b.py", "new.txt", "run.sh", "x.bin", "café.txt"]);
  expect(files.map((one) => one.facts.join())).toEqual(["", "renamed from old.txt", "mode 100644 → 100755", "new file,binary", "deleted"]);
  const [first, second] = files[0]?.hunks ?? [];
  expect(first?.map((line) => [line.kind, line.old, line.new, line.text])).toEqual([
    ["context", 1, 1, "one"],
    ["removed", 2, null, "-- two"],
    ["added", null, 2, "++ zwei"],
    ["context", 3, 3, "three"],
  ]);
  expect(first?.[3]?.end).toBe("crlf");
  expect(second?.map((line) => line.end)).toEqual(["none", "lf", "lf"]);
  expect([files[0]?.additions, files[0]?.deletions, files[4]?.deletions]).toEqual([3, 2, 1]);
  expect(files[3]?.hunks).toEqual([]);
});

test("an empty text has no files", () => {
  expect(parsePatch("")).toEqual([]);
});

test("a rewind appears once, labelled by its target", () => {
  const snapshot = (id: string, kind: SnapshotInfo["kind"], tree: string, note = "") => ({ id, kind, tree, task_id: kind.startsWith("turn") ? id : null, note }) as SnapshotInfo;
  const [start, one, two] = [snapshot("0", "turn_start", "a"), snapshot("1", "turn_end", "b"), snapshot("2", "turn_end", "c")];
  const prompts = new Map([["1", "first"], ["2", "second"]]);
  const words = (...later: SnapshotInfo[]) => historyEntries([...later, two, one, start], prompts).map((found) => found.words).slice(4, -1);
  const back = snapshot("4", "changed", "b", "set back to the end of the turn of noon");
  expect(words(back, snapshot("3", "before_rewind", "c"))).toEqual(["Rewound to: After “first”"]);
  expect(words(back, snapshot("3", "before_rewind", "d"))).toEqual(["Before a rewind", "Rewound to: After “first”"]);
  expect(words(snapshot("5", "changed", "e", "what you have came in."))).toEqual(["What you have came in."]);
});

test("what the newest turn did is shown first", () => {
  const kinds = ["turn_start", "turn_end", "turn_end", "before_rewind", "changed"] as const;
  const entries = historyEntries(kinds.map((kind, index) => ({ id: `${index}`, kind, tree: `${index}`, task_id: null, note: "" }) as SnapshotInfo).reverse(), new Map());
  expect(entries[beforeNewestTurn(entries)]?.id).toBe("1");
  expect(beforeNewestTurn(historyEntries([], new Map()))).toBe(0);
});

test("entries are labelled by their turns' prompts, oldest first", () => {
  const snapshot = (id: string, kind: SnapshotInfo["kind"], task: string | null, note = "") => ({ id, kind, task_id: task, note, tree: id }) as SnapshotInfo;
  const found = historyEntries(
    [snapshot("3", "manual", null, "before lunch"), snapshot("2", "turn_end", "t"), snapshot("1", "turn_start", "gone")],
    new Map([["t", `Fix it\nall ${"x".repeat(99)}`]]),
  );
  expect(found.map((one) => one.words)).toEqual(["Start of the session", "Before a turn", "After “Fix it”", "Manual snapshot (before lunch)", "Now"]);
  expect(found.map((one) => one.id)).toEqual(["base", "1", "2", "3", "now"]);
  expect(historyEntries([], new Map(), true).map((one) => one.id)).toEqual(["base"]);
});

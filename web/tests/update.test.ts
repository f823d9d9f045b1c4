// What came of an update, in words.
import { expect, test } from "vitest";
import { updateWords } from "../src/shared/session/updateWords";

const commit = "0123456789abcdef";

test("an update says the commit, the files and who resolves conflicts", () => {
  expect(updateWords({ commit: null, conflicts: [], files_written: 0 })).toBe("The repository has no commit yet.");
  expect(updateWords({ commit, conflicts: [], files_written: 0 })).toBe("Nothing to update: the files have all of commit 0123456789.");
  expect(updateWords({ commit, conflicts: [], files_written: 1 })).toBe("Updated onto commit 0123456789: 1 file changed.");
  expect(updateWords({ commit, conflicts: ["a", "b"], files_written: 3 })).toBe("Updated onto commit 0123456789: 3 files changed. The agent resolves 2 conflicts.");
});

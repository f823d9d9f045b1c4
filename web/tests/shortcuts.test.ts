// The shortcut sheet and its documentation.
import { expect, test } from "vitest";
import document from "../../docs/web.md?raw";
import { keyName, SHEET, SHORTCUTS } from "../src/shared/keys/shortcuts";

test("the document has the table that the sheet shows", () => {
  const rows = SHEET.flatMap(({ where, shortcuts }) =>
    shortcuts.map(({ key, what }, place) => `|${place === 0 ? ` ${where}` : ""} | \`${keyName(key, false)}\` | ${what} |`),
  );
  expect(document).toContain(`${rows.join("\n")}\n`);
});

test("a key is named as it is printed", () => {
  expect(keyName("mod+k", false)).toBe("Ctrl K");
  expect(keyName("mod+k", true)).toBe("⌘K");
  expect(keyName("shift+w")).toBe("Shift W");
  expect(keyName("j, k")).toBe("J, K");
  expect(keyName("Esc Esc")).toBe("Esc Esc");
  expect(keyName("?")).toBe("?");
});

test("no key is given twice", () => {
  const keys = Object.values(SHORTCUTS).map((one) => one.key);
  expect(new Set(keys).size).toBe(keys.length);
});

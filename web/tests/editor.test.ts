// The addresses that open a file in an editor.
import { expect, test } from "vitest";
import { editorUrl } from "../src/shared/session/editor";

test("each editor has its own form of address", () => {
  expect(editorUrl("vscode", "/home/me/work", "src/a.py", 3)).toBe("vscode://file/home/me/work/src/a.py:3");
  expect(editorUrl("zed", "/home/me/work/", "a.py", 1)).toBe("zed://file/home/me/work/a.py:1");
  expect(editorUrl("idea", "/home/me/work", "a.py", 7)).toBe("idea://open?file=/home/me/work/a.py&line=7");
  expect(editorUrl("none", "/home/me/work", "a.py", 7)).toBeNull();
});

test("paths of Windows and names with signs of their own stay whole", () => {
  expect(editorUrl("cursor", "C:\\Users\\me\\work", "a.py", 2)).toBe("cursor://file/C:/Users/me/work/a.py:2");
  expect(editorUrl("vscode", "/w", "a b/c#d?e%f&g.ts", 1)).toBe("vscode://file/w/a%20b/c%23d%3Fe%25f%26g.ts:1");
});

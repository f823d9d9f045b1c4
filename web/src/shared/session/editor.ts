// The editor in which files of an agent's copy are opened. Stored in this browser, because it is a program of its machine.
import { PersistedState, usePersisted } from "../storage/persistedState";

export const EDITORS = { none: "none", vscode: "VS Code", cursor: "Cursor", zed: "Zed", idea: "IntelliJ IDEA" } as const;

export type Editor = keyof typeof EDITORS;

const kept = new PersistedState<Editor>("boocoder.editor", (text) => (text && text in EDITORS ? (text as Editor) : "none"), "none", String);

export function setEditor(editor: Editor): void {
  kept.set(editor);
}

export function useEditor(): Editor {
  return usePersisted(kept);
}

/**
 * The address that opens a file in an editor, null without one.
 *
 * @param root absolute path of the worktree, of Linux, macOS or Windows.
 * @param path of the file, relative to it.
 * @param line counted from 1.
 */
export function editorUrl(editor: Editor, root: string, path: string, line: number): string | null {
  if (editor === "none") return null;
  const whole = `${root.replaceAll("\\", "/").replace(/\/$/, "")}/${path}`;
  const steps = whole.split("/").map(encodeURIComponent).join("/").replace(/^([A-Za-z])%3A/, "$1:");
  if (editor === "idea") return `idea://open?file=${steps}&line=${line}`;
  return `${editor}://file${steps.startsWith("/") ? "" : "/"}${steps}:${line}`;
}

// Values of settings as a person types them: lists one item a line, tables one NAME=value a line, JSON where that would lose something.
import type { SettingKind } from "../../../shared/api/generated";

/** A value as text for a field; `valueOf` gives the same value back. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return isPlain(value) && !/^"|^(true|false)$/.test(value) ? value : JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.every((one) => isPlain(one) && one !== "") && !String(value[0] ?? "").startsWith("[") ? value.join("\n") : JSON.stringify(value);
  const rows = Object.entries(value);
  const lines = rows.every(([name, one]) => isPlain(name) && name !== "" && !name.includes("=") && isPlain(one)) && !rows[0]?.[0].startsWith("{");
  return lines ? rows.map(([name, one]) => `${name}=${one}`).join("\n") : JSON.stringify(value, null, 2);
}

/**
 * A field's text as a value; the service checks what it means.
 *
 * @throws Error in words, if the text has not the form that its kind needs.
 */
export function valueOf(kind: SettingKind, text: string): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case "flag":
      return trimmed === "true";
    case "integer":
    case "number": {
      const number = Number(trimmed);
      if (trimmed === "" || !Number.isFinite(number)) throw new Error(`"${trimmed}" is not a number.`);
      return number;
    }
    case "list": {
      const list = trimmed.startsWith("[") ? parsed(trimmed) : null;
      return Array.isArray(list) ? list : linesOf(text);
    }
    case "table":
      return tableOf(trimmed);
    case "text": {
      // Some keys take true, false or a name.
      if (trimmed === "true" || trimmed === "false") return trimmed === "true";
      const quoted = trimmed.startsWith('"') ? parsed(trimmed) : null;
      return typeof quoted === "string" ? quoted : trimmed;
    }
  }
}

/**
 * The changes that make a table of the settings file what a form says, by dotted name; what was not touched is left out.
 *
 * @param name dotted, such as `mcp.github`.
 * @param values what the file says; null for a table that is added.
 * @param drafts the texts of the form.
 * @throws Error as `valueOf`.
 */
export function tableChanges(name: string, values: Readonly<Record<string, unknown>> | null, drafts: Readonly<Record<string, string>>, kinds: Readonly<Record<string, SettingKind>>): Record<string, unknown> {
  const changed = Object.entries(drafts).filter(([key, text]) => text !== textOf(values?.[key]));
  const rows = changed.map(([key, text]) => [key, text.trim() === "" ? null : valueOf(kinds[key] ?? "text", text)] as const);
  if (values) return Object.fromEntries(rows.map(([key, value]) => [`${name}.${key}`, value]));
  return { [name]: Object.fromEntries(rows.filter(([, value]) => value !== null)) };
}

/** Whether a value is a text of one line that is the same when it is trimmed. */
function isPlain(value: unknown): value is string {
  return typeof value === "string" && value === value.trim() && !/[\r\n]/.test(value);
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tableOf(text: string): unknown {
  if (text.startsWith("{")) {
    const table = parsed(text);
    if (table === undefined) throw new Error("This is neither lines of NAME=value nor JSON.");
    return table;
  }
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`"${line}" is no NAME=value.`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

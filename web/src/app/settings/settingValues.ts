// Values of settings as a person types them: lists one item a line, tables one NAME=value a line.
import type { SettingKind } from "../../shared/api/generated";

/** A value as text for a field. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(String).join("\n");
  if (typeof value !== "object") return String(value);
  const rows = Object.entries(value);
  if (rows.some(([, one]) => typeof one !== "string")) return JSON.stringify(value, null, 2);
  return rows.map(([name, one]) => `${name}=${one}`).join("\n");
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
    case "list":
      return linesOf(text);
    case "table":
      return tableOf(trimmed);
    case "text":
      // Some keys take true, false or a name.
      return trimmed === "true" || trimmed === "false" ? trimmed === "true" : trimmed;
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

function tableOf(text: string): unknown {
  if (text.startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error("This is neither lines of NAME=value nor JSON.");
    }
  }
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`"${line}" is no NAME=value.`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

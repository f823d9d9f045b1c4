// The new lines of a unit as a text, and a text as lines.
import type { DiffLine, ReviewUnit } from "../../shared/api/generated";

/** The lines of a unit in the new file, without its context. */
export function newText(unit: ReviewUnit): string {
  const last = unit.new_start + unit.new_count - 1;
  return unit.lines
    .filter((line) => unit.new_count > 0 && line.new !== null && line.new >= unit.new_start && line.new <= last)
    .map((line) => line.text + (line.end === "none" ? "" : "\n"))
    .join("");
}

/** Whether a unit's lines can be edited here: text, and all of it. */
export function isEditable(unit: ReviewUnit): boolean {
  const count = (kind: DiffLine["kind"]) => unit.lines.filter((line) => line.kind === kind).length;
  const loaded = unit.new_count - unit.old_count === count("added") - count("removed") && newText(unit).split(/(?<=\n)/).filter(Boolean).length === unit.new_count;
  return unit.kind === "hunk" && loaded && unit.lines.every((line) => line.utf8 && line.left_out === 0);
}

/** The text with the line ends of the unit's file: a text field knows LF only. */
export function endedAs(unit: ReviewUnit, text: string): string {
  const crlf = unit.lines.some((line) => line.new !== null && line.end === "crlf");
  return crlf ? text.replaceAll("\n", "\r\n") : text;
}

/** A text as added lines without numbers. */
export function asLines(text: string): DiffLine[] {
  const lines = text.split("\n");
  const whole = lines.at(-1) === "";
  if (whole) lines.pop();
  return lines.map((line, index) => ({
    kind: "added",
    old: null,
    new: null,
    text: line.replace(/\r$/, ""),
    end: !whole && index === lines.length - 1 ? "none" : line.endsWith("\r") ? "crlf" : "lf",
    utf8: true,
    spans: [],
    left_out: 0,
  }));
}

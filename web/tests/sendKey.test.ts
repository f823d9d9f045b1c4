// Which key sends, by the person's choice.
import { expect, test } from "vitest";
import { type SendKey, sends } from "../src/keys/sendKey";

const press = (chosen: SendKey, held: Partial<Record<"shiftKey" | "altKey" | "ctrlKey" | "metaKey", boolean>>, key = "Enter") =>
  sends({ key, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...held }, chosen);

test("Enter sends, or begins a line, as the person wants it", () => {
  expect(press("enter", {})).toBe(true);
  expect(press("mod+enter", {})).toBe(false);
  for (const chosen of ["enter", "mod+enter"] as const) {
    expect(press(chosen, { ctrlKey: true })).toBe(true);
    expect(press(chosen, { metaKey: true })).toBe(true);
    expect(press(chosen, { shiftKey: true })).toBe(false);
    expect(press(chosen, { altKey: true })).toBe(false);
    expect(press(chosen, { ctrlKey: true }, "a")).toBe(false);
  }
});

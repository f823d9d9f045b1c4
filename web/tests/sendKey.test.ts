// Which key sends, by preference.
import { expect, test } from "vitest";
import { type SendKey, sends, steers } from "../src/shared/keys/sendKey";

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

test("a key of its own gives the message to the running turn", () => {
  const pressed = { key: "Enter", shiftKey: false, altKey: false, ctrlKey: false, metaKey: false };
  expect(steers(pressed, "enter")).toBe(false);
  expect(steers({ ...pressed, ctrlKey: true }, "enter")).toBe(true);
  expect(steers({ ...pressed, metaKey: true }, "enter")).toBe(true);
  expect(steers({ ...pressed, ctrlKey: true }, "mod+enter")).toBe(false);
  expect(steers({ ...pressed, ctrlKey: true, shiftKey: true }, "mod+enter")).toBe(true);
  expect(steers({ ...pressed, ctrlKey: true, shiftKey: true }, "enter")).toBe(false);
});

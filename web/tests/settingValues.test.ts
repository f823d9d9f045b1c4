// Values of settings as a person types them.
import { describe, expect, it } from "vitest";
import { textOf, valueOf } from "../src/app/settings/settingValues";

describe("values of settings", () => {
  it("are the same after they were shown and typed", () => {
    const values = [["list", ["a", "b c"]], ["table", { A: "1=2", B: "" }], ["table", { m: { top_p: 0.5 } }], ["number", 0.5], ["flag", true], ["text", "x y"]] as const;
    for (const [kind, value] of values) expect(valueOf(kind, textOf(value))).toEqual(value);
  });
  it("ignore blank lines", () => expect(valueOf("list", "a\n\n b \n")).toEqual(["a", "b"]));
  it("take true and false where a text may be either", () => expect(["true", "local"].map((text) => valueOf("text", text))).toEqual([true, "local"]));
  it("say what is wrong with them", () => {
    expect(() => valueOf("integer", "")).toThrow("not a number");
    expect(() => valueOf("table", "A")).toThrow('"A" is no NAME=value.');
    expect(() => valueOf("table", "{")).toThrow("JSON");
  });
});

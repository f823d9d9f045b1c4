// Values of settings as a person types them.
import { describe, expect, it } from "vitest";
import { tableChanges, textOf, valueOf } from "../src/app/settings/file/settingValues";

describe("values of settings", () => {
  it("are the same after they were shown and typed", () => {
    const values = [["list", ["a", "b c"]], ["table", { A: "1=2", B: "" }], ["table", { m: { top_p: 0.5 } }], ["number", 0.5], ["flag", true], ["text", "x y"]] as const;
    for (const [kind, value] of values) expect(valueOf(kind, textOf(value))).toEqual(value);
  });
  it("are the same where lines would lose something", () => {
    const lists = [["bash", "-c", "set -e\nexec foo", " x ", ""], [""], [], ["[a]", "b"], ['["a"]'], ["a", "[b"]];
    for (const list of lists) expect(valueOf("list", textOf(list))).toEqual(list);
    const tables = [{ A: "a\nb=c" }, { A: " x " }, { "A=B": "c" }, { "{A": "c" }, {}, { A: "" }];
    for (const table of tables) expect(valueOf("table", textOf(table))).toEqual(table);
    for (const text of [" x ", "a\nb", '"a"', "true", "\""]) expect(valueOf("text", textOf(text))).toEqual(text);
    expect(valueOf("list", "[a-z]*\nb")).toEqual(["[a-z]*", "b"]);
  });
  it("are sent only where a person changed them, key by key", () => {
    const kinds = { command: "list", env: "table", model: "text", enabled: "flag" } as const;
    const values = { command: ["sh", "-c", "a\nb "], env: { A: "a\nb=c" }, model: "", enabled: true };
    const drafts = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, textOf(value)]));
    expect(tableChanges("agents.mine", values, drafts, kinds)).toEqual({});
    expect(tableChanges("agents.mine", values, { ...drafts, model: "m", enabled: "" }, kinds)).toEqual({ "agents.mine.model": "m", "agents.mine.enabled": null });
    expect(tableChanges("agents.mine", null, { command: "sh\n-x", model: " " }, kinds)).toEqual({ "agents.mine": { command: ["sh", "-x"] } });
  });
  it("ignore blank lines", () => expect(valueOf("list", "a\n\n b \n")).toEqual(["a", "b"]));
  it("take true and false where a text may be either", () => expect(["true", "local"].map((text) => valueOf("text", text))).toEqual([true, "local"]));
  it("say what is wrong with them", () => {
    expect(() => valueOf("integer", "")).toThrow("not a number");
    expect(() => valueOf("table", "A")).toThrow('"A" is no NAME=value.');
    expect(() => valueOf("table", "{")).toThrow("JSON");
  });
});

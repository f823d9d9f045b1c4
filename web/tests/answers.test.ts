// Paths of files and formulas in an agent's text.
import { describe, expect, it } from "vitest";
import { filePathsOf } from "../src/shared/markdown/filePaths";
import { hasMath, withDollars } from "../src/shared/markdown/math";

const found = (text: string) => filePathsOf(text).filter((piece) => typeof piece !== "string").map(({ path, line }) => (line ? `${path} ${line}` : path));

describe("paths of files", () => {
  it("have a line or none", () => {
    expect(found("See src/main.py:12, ./web/App.tsx#L7 and README.md.")).toEqual(["src/main.py 12", "web/App.tsx 7", "README.md"]);
    expect(found("tests/test_a.py:3:14: error, src/x.rs, line 9")).toEqual(["tests/test_a.py 3", "src/x.rs 9"]);
    expect(found("the Makefile and docker/Dockerfile")).toEqual(["Makefile", "docker/Dockerfile"]);
  });
  it("are neither addresses nor places outside", () => {
    expect(found("https://example.org/a.html me@example.py ../up.py /etc/passwd.txt ~/notes.md a/../b.py")).toEqual([]);
    expect(found("3.14, e.g. this, v1.2.json5 and Node.js-like")).toEqual([]);
  });
  it("leave the text around them as it is", () => {
    const text = "a src/b.py:3 c";
    expect(filePathsOf(text).map((piece) => (typeof piece === "string" ? piece : piece.text)).join("")).toBe(text);
  });
});

describe("formulas", () => {
  it("are told from money and code", () => {
    expect(hasMath("It costs $5 or $6.")).toBe(false);
    expect(hasMath("echo $HOME and $PATH_X")).toBe(false);
    expect(hasMath("the area $a^2$ of it")).toBe(true);
    expect(hasMath("$$\nx\n$$")).toBe(true);
    expect(hasMath("\\(x\\) and \\[y\\]")).toBe(true);
  });
  it("leave money to prose", () => expect(withDollars("$a^2$ for $5 or $6, \\$7 and `$8`")).toBe("$a^2$ for \\$5 or \\$6, \\$7 and `$8`"));
  it("of LaTeX's delimiters become dollars outside code", () => {
    expect(withDollars("\\(a+b\\)")).toBe("$a+b$");
    expect(withDollars("`\\(a\\)`")).toBe("`\\(a\\)`");
  });
});

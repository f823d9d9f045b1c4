// Paths of files and formulas in an agent's text.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { beforeAll, describe, expect, it, vi } from "vitest";
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
  it("are not names of products", () => {
    expect(found("Node.js, Next.js and vue.js")).toEqual([]);
    expect(found("./index.js, web/app.js, app.js:3 and app.ts")).toEqual(["index.js", "web/app.js", "app.js 3", "app.ts"]);
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

describe("formulas that would hold the page up", () => {
  let MathBlock: typeof import("../src/shared/markdown/MathBlock").default;
  beforeAll(async () => {
    vi.stubGlobal("location", new URL("http://127.0.0.1/"));
    MathBlock = (await import("../src/shared/markdown/MathBlock")).default;
  });
  const drawn = (text: string) => renderToStaticMarkup(createElement(MathBlock, { text }));
  const bomb = `\\def\\a{${"x".repeat(1_500)}}${"\\a".repeat(100)}`;

  it("stay code", () => {
    for (const text of [`$$\n${bomb}\n$$`, `$${bomb}$`, `\\[${bomb}\\]`, `\`\`\`math\n${bomb}\n\`\`\``, `$$\n${"x^2+".repeat(501)}1\n$$`]) {
      expect(drawn(text)).not.toContain("<math");
    }
    expect(drawn("$$\n\\newcommand{\\b}{x}\\b\n$$")).toContain("\\newcommand");
  });
  it("are not those with many of KaTeX's own macros", () => {
    const html = drawn(`$$\n${"a \\neq b \\iff \\dfrac{a}{b} \\implies ".repeat(15)} c\n$$`);
    expect(html).toContain("<math");
    expect(html).not.toContain("katex-error");
  });
  it("are searched for in proportion to the text", () => {
    const began = performance.now();
    for (const text of [`$${"{".repeat(19_990)}`, "$a{".repeat(6_000), "\\(".repeat(9_000), "\\[".repeat(9_000), `$${"{".repeat(200_000)}`]) expect(hasMath(text)).toBe(false);
    withDollars(`${"$a{".repeat(6_000)}${"`".repeat(2_000)}`);
    filePathsOf("+".repeat(20_000));
    expect(performance.now() - began).toBeLessThan(3_000); // it took minutes
  });
  it("are not in code", () => {
    expect(hasMath("```sh\n$a_b = $c_d$\n```")).toBe(false);
    expect(hasMath("`$a_b$` and $a_b$")).toBe(true);
    expect(hasMath("\\[ \\begin{matrix} a \\\\[4pt] b \\end{matrix} \\]")).toBe(true);
  });
});

// Finds paths of files in a text, such as src/main.py:12 or README.md.

export interface FoundPath {
  /** As it stands in the text. */
  text: string;
  path: string;
  line: number | null;
}

// A folder, or an ending that files of source code have; a line as ":12", ":12:5", "#L12" or ", line 12".
const ENDINGS =
  "c|cc|cfg|cpp|cs|css|csv|dart|ex|exs|go|gradle|h|hpp|html|ini|ipynb|java|js|json|jsx|kt|lock|lua|md|mjs|ml|php|pl|proto|ps1|py|pyi|rb|rs|rst|sass|scala|scss|sh|sql|svelte|swift|tf|toml|ts|tsx|txt|vue|xml|yaml|yml|zig";
const PATH = new RegExp(
  String.raw`(?<![\w./@:~+-])((?:\./)?(?:@?[\w.+-]+/)*[\w+-][\w.+-]*\.(?:${ENDINGS})|(?:@?[\w.+-]+/)*(?:Makefile|Dockerfile))(?![\w/-])(?:(?::|#L|, line )(\d{1,7})(?::\d+)?)?`,
  "g",
);
const NAME_OF_PRODUCT = /^[^/]+\.js$/; // "Node.js", "vue.js": a script alone needs a folder or a line to be told from them
const TEXT_MAX_CHARS = 20_000;

/** The text in pieces, paths apart from what is around them. */
export function filePathsOf(text: string): (string | FoundPath)[] {
  if (text.length > TEXT_MAX_CHARS) return [text];
  const pieces: (string | FoundPath)[] = [];
  let at = 0;
  for (const found of text.matchAll(PATH)) {
    const path = (found[1] as string).replace(/^\.\//, "");
    if (path.split("/").includes("..") || (!found[2] && NAME_OF_PRODUCT.test(found[1] as string))) continue;
    if (found.index > at) pieces.push(text.slice(at, found.index));
    pieces.push({ text: found[0], path, line: found[2] ? Number(found[2]) : null });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

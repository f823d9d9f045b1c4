// Cuts markdown into blocks that parse independently, so that streaming parses the last block only.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])\s/;

/** The blocks of a text in order; joined with "\n", they are the original text. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let open: string[] = [];
  let fence = "";
  let list = false;
  let blank = false;
  for (const line of text.split("\n")) {
    if (!fence && blank && line.trim() !== "" && !belongs(line, list)) {
      blocks.push(open.join("\n"));
      open = [];
      list = false;
    }
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) fence = "";
    } else if (mark) fence = mark;
    if (!fence && open.length === 0) list = LIST_ITEM.test(line);
    blank = !fence && line.trim() === "";
    open.push(line);
  }
  if (open.length) blocks.push(open.join("\n"));
  return blocks;
}

/** Whether a line after a blank one continues the block before it: list items and their indented content. */
function belongs(line: string, list: boolean): boolean {
  return list && (LIST_ITEM.test(line) || /^\s{2,}/.test(line));
}

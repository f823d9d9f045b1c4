// Markdown with formulas, drawn as MathML. Loaded with the first formula.
import ReactMarkdown from "react-markdown";
import rehypeKatex from "rehype-katex";
import remarkGfm from "remark-gfm";
import remarkMath from "remark-math";
import { visible } from "../text/visible";
import { ELEMENTS } from "./elements";
import { remarkModestMath, withDollars } from "./math";

const EXPANSIONS_MAX = 500; // of macros: a formula must not hold the page up
const REMARK = [remarkGfm, remarkMath, remarkModestMath];
const REHYPE = [[rehypeKatex, { output: "mathml", throwOnError: false, trust: false, strict: "ignore", maxExpand: EXPANSIONS_MAX, maxSize: 20 }]] as const;

export default function MathBlock({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={REMARK} rehypePlugins={REHYPE as never} components={ELEMENTS}>
      {visible(withDollars(text))}
    </ReactMarkdown>
  );
}

// An agent's text as markdown. Raw HTML stays text; links show where they lead.
import { lazy, memo, Suspense, useMemo } from "react";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { visible } from "../text/visible";
import { blocksOf } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import { ELEMENTS } from "./elements";
import { hasMath } from "./math";
import styles from "./Markdown.module.css";
import { PlainText } from "./PlainText";

const PLUGINS = [remarkGfm];
const MathBlock = lazy(() => import("./MathBlock"));

// Without any of these characters, markdown is one plain paragraph.
const MARKUP = /[*_`#<>|[\]~\\&\n]|https?:|www\.|@|^\s{4}|^\s*(?:[-+]|\d+[.)])\s/;
const LIVE_MAX_CHARS = 8_000; // a longer block is parsed once it is complete
const OPEN_FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*\n/;

/** A block no longer changes once another follows, so it is parsed once. */
const Block = memo(function Block({ text, live }: { text: string; live: boolean }) {
  const fence = live ? OPEN_FENCE.exec(text) : null;
  if (fence && !text.slice(fence[0].length).includes(fence[1] as string)) {
    return <CodeBlock code={visible(text.slice(fence[0].length))} language={fence[2] ?? ""} />;
  }
  const plain = text.trim();
  if (!MARKUP.test(plain) || (live && text.length > LIVE_MAX_CHARS)) return <PlainText text={plain} />;
  const prose = (
    <ReactMarkdown remarkPlugins={PLUGINS} components={ELEMENTS}>
      {visible(text)}
    </ReactMarkdown>
  );
  if (live || !hasMath(text)) return prose;
  return (
    <Suspense fallback={prose}>
      <MathBlock text={text} />
    </Suspense>
  );
});

interface MarkdownProps {
  text: string;
  /** Whether more text may follow. */
  live?: boolean;
}

export const Markdown = memo(function Markdown({ text, live = false }: MarkdownProps) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={styles.markdown}>
      {blocks.map((block, index) => (
        <Block key={index} text={block} live={live && index === blocks.length - 1} />
      ))}
    </div>
  );
});

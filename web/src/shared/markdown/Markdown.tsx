// An agent's text as markdown. Raw HTML stays text; links show where they lead.
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { visible } from "../text/visible";
import { blocksOf } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import { Link } from "./Link";
import styles from "./Markdown.module.css";
import { PlainText } from "./PlainText";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ alt, src }) => <Link href={typeof src === "string" ? src : undefined}>{alt || "image"}</Link>,
  // Keep the agent's headings below the page's own.
  h1: ({ children }) => <h3 className={styles.first}>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  pre: ({ children }) => <>{children}</>,
  code: ({ className, children, node }) => {
    const text = textOf(children);
    const inline = node?.position?.start.line === node?.position?.end.line && !className && !text.includes("\n");
    if (inline) return <code className={styles.inline}>{children}</code>;
    return <CodeBlock code={text.replace(/\n$/, "")} language={/language-([\w+#.-]+)/.exec(className ?? "")?.[1] ?? ""} />;
  },
  table: ({ children }) => (
    <div className={styles.tableBox} tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
};

function textOf(children: unknown): string {
  if (typeof children === "string") return children;
  return Array.isArray(children) ? children.map(textOf).join("") : "";
}

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
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {visible(text)}
    </ReactMarkdown>
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

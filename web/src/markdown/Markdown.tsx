// An agent's text as markdown. Raw HTML stays text; links lead only where they say.
import { memo, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { visible } from "../text/visible";
import { blocksOf } from "./blocks";
import { CodeBlock } from "./CodeBlock";
import { Link } from "./Link";
import styles from "./Markdown.module.css";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ alt, src }) => <Link href={typeof src === "string" ? src : undefined}>{alt || "image"}</Link>,
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

/** A block never changes once another one follows it, so it is parsed once. */
const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} skipHtml={false}>
      {visible(text)}
    </ReactMarkdown>
  );
});

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={styles.markdown}>
      {blocks.map((block, index) => (
        <Block key={index} text={block} />
      ))}
    </div>
  );
});

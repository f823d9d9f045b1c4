// How the elements of an agent's markdown are drawn.
import { lazy, Suspense } from "react";
import type { Components } from "react-markdown";
import { CodeBlock } from "./CodeBlock";
import { FilePath, withFilePaths } from "./FilePath";
import { Link } from "./Link";
import styles from "./Markdown.module.css";

const Diagram = lazy(() => import("../diagram/Diagram"));

export const ELEMENTS: Components = {
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
    if (inline) return <code className={styles.inline}>{<FilePath text={text} />}</code>;
    const code = text.replace(/\n$/, "");
    const language = /language-([\w+#.-]+)/.exec(className ?? "")?.[1] ?? "";
    if (language !== "mermaid") return <CodeBlock code={code} language={language} />;
    return (
      <Suspense fallback={<CodeBlock code={code} language={language} />}>
        <Diagram code={code} />
      </Suspense>
    );
  },
  p: ({ children }) => <p>{withFilePaths(children)}</p>,
  li: ({ children, className }) => <li className={className}>{withFilePaths(children)}</li>,
  td: ({ children, style }) => <td style={style}>{withFilePaths(children)}</td>,
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

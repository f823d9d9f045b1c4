// A link in an agent's text: http, https and mailto only, with its real host where the text hides it.
import type { ReactNode } from "react";
import styles from "./Markdown.module.css";

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

export function Link({ href, children }: { href: string | undefined; children: ReactNode }) {
  const url = parsed(href);
  if (!url) return <span className={styles.deadLink}>{children}</span>;
  const host = url.protocol === "mailto:" ? url.pathname : url.host;
  const words = typeof children === "string" ? children : "";
  return (
    <>
      <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
      {!words.includes(host) && <span className={styles.host}> ({host})</span>}
    </>
  );
}

function parsed(href: string | undefined): URL | null {
  try {
    const url = new URL(href ?? "");
    return ALLOWED.has(url.protocol) ? url : null;
  } catch {
    return null; // a relative address would point into this page
  }
}

// The tab's title and icon with the number of waiting sessions.
const MOST = 9;

/** Show a count; 0 removes it. */
export function showBadge(count: number, name: string): void {
  document.title = count > 0 ? `(${count}) ${name}` : name;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = count > 0 ? `data:image/svg+xml,${encodeURIComponent(icon(count))}` : "/favicon.svg";
}

function icon(count: number): string {
  const text = count > MOST ? `${MOST}+` : String(count);
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
    '<rect width="32" height="32" rx="8" fill="#5b5bd6"/>',
    '<path d="M5 26V8h7.2c3.6 0 5.6 1.7 5.6 4.3 0 1.8-1 3-2.6 3.5 2 .4 3.3 1.8 3.3 3.9 0 2.7-2.2 4.3-6 4.3H5Z" fill="#fff"/>',
    '<circle cx="22" cy="11" r="10" fill="#c2242b" stroke="#fff" stroke-width="1.5"/>',
    `<text x="22" y="16" font-size="14" font-weight="700" font-family="sans-serif" text-anchor="middle" fill="#fff">${text}</text>`,
    "</svg>",
  ].join("");
}

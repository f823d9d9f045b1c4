// Keeps the page's shell, so that an installed page opens without a network and says what is the matter. It keeps no data:
// whatever is below /api goes to the service as if this were not here. What the service answers is given to the page at
// once; a browser that can keep nothing (a full disk, storage denied) loses the opening without a network only.
const SHELL = "boocoder-shell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(documentOf(event));
  else if (pathname.startsWith("/assets/") || pathname === "/favicon.svg") event.respondWith(assetOf(event));
});

/** The document from the service; the kept one where nobody answers. */
async function documentOf(event) {
  const { request } = event;
  let answer;
  try {
    answer = await fetch(request);
  } catch (error) {
    const kept = isPage(request) && (await find("/"));
    if (kept) return kept;
    throw error;
  }
  if (answer.ok && isPage(request)) {
    const copy = answer.clone();
    later(event, () => keepDocument(copy));
  }
  return answer;
}

/** Whether an address is one of the page's: all of them have the same document. */
function isPage(request) {
  return /^\/($|sessions\/|tasks$|agents$|settings$)/.test(new URL(request.url).pathname);
}

/** A file of the page; its name holds a hash of its content, so that a kept one is never stale. */
async function assetOf(event) {
  const { request } = event;
  const answer = (await find(request)) ?? (await fetch(request));
  if (answer.ok) {
    const copy = answer.clone();
    later(event, () => keepAsset(request, copy));
  }
  return answer;
}

/** What is kept for an address; undefined if nothing is, or nothing can be read. */
async function find(address) {
  try {
    return await (await caches.open(SHELL)).match(address);
  } catch {
    return undefined;
  }
}

let writes = Promise.resolve();

/** Write to the shell once earlier writes have ended; a failure is no concern of the page's. */
function later(event, write) {
  writes = writes.then(write).catch(() => undefined);
  event.waitUntil(writes);
}

/** Keep the document; after an update of the service, files of the earlier page go. */
async function keepDocument(answer) {
  const shell = await caches.open(SHELL);
  const before = await (await shell.match("/"))?.text();
  const now = await answer.clone().text();
  if (before === now) return;
  for (const file of await shell.keys()) await shell.delete(file);
  await shell.put("/", answer);
}

/** Keep a file, also one that was found while an update of the document removed it. */
async function keepAsset(request, answer) {
  const shell = await caches.open(SHELL);
  if (!(await shell.match(request))) await shell.put(request, answer);
}

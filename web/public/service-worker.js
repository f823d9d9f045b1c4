// Keeps the page's shell, so that an installed page opens without a network and says what is the matter. It keeps no data:
// whatever is below /api goes to the service as if this were not here.
const SHELL = "boocoder-shell";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(documentOf(request));
  else if (pathname.startsWith("/assets/") || pathname === "/favicon.svg") event.respondWith(assetOf(request));
});

/** The document from the service; the kept one where nobody answers. */
async function documentOf(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && isPage(request)) await keep(answer.clone());
    return answer;
  } catch (error) {
    const kept = isPage(request) && (await (await caches.open(SHELL)).match("/"));
    if (kept) return kept;
    throw error;
  }
}

/** Whether an address is one of the page's: all of them have the same document. */
function isPage(request) {
  return /^\/($|sessions\/|tasks$|agents$|settings$)/.test(new URL(request.url).pathname);
}

/** Keep the document; after an update of the service, files of the earlier page go. */
async function keep(answer) {
  const shell = await caches.open(SHELL);
  const before = await (await shell.match("/"))?.text();
  const now = await answer.clone().text();
  if (before === now) return;
  for (const file of await shell.keys()) await shell.delete(file);
  await shell.put("/", answer);
}

/** A file of the page; its name holds a hash of its content, so that a kept one is never stale. */
async function assetOf(request) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await shell.put(request, answer.clone());
  return answer;
}

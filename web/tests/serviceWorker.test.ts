// The service worker: the page opens whatever its storage does.
/// <reference types="vite/client" />
import { beforeEach, expect, test } from "vitest";
import CODE from "../public/service-worker.js?raw";

const ORIGIN = "https://boocoder.test";

type Kept = Map<string, string>;
type Fault = "open" | "put" | "delete" | "match";

let kept: Kept;
let served: Record<string, string> | null; // null: nobody answers
let faults: Set<Fault>;
let listeners: Record<string, (event: unknown) => void>;

/** Cache Storage with one cache, some of whose calls fail. */
function storage() {
  const failing = (fault: Fault) => (faults.has(fault) ? Promise.reject(new Error(`${fault} failed`)) : Promise.resolve());
  const key = (address: string | Request) => new URL(typeof address === "string" ? address : address.url, ORIGIN).pathname;
  const cache = {
    match: async (address: string | Request) => failing("match").then(() => (kept.has(key(address)) ? new Response(kept.get(key(address))) : undefined)),
    keys: async () => [...kept.keys()],
    delete: async (address: string) => failing("delete").then(() => kept.delete(key(address))),
    put: async (address: string | Request, answer: Response) => failing("put").then(async () => void kept.set(key(address), await answer.text())),
  };
  return { open: async () => failing("open").then(() => cache) };
}

beforeEach(() => {
  kept = new Map();
  served = { "/": "page 1", "/assets/a.js": "script" };
  faults = new Set();
  listeners = {};
  const fetched = async (request: Request) => {
    const text = served?.[new URL(request.url).pathname];
    if (text === undefined) throw new TypeError("Failed to fetch");
    return new Response(text);
  };
  const self = { addEventListener: (kind: string, listener: (event: unknown) => void) => (listeners[kind] = listener) };
  new Function("self", "caches", "fetch", "location", CODE)(self, storage(), fetched, { origin: ORIGIN });
});

/** What the page is given for an address, once the worker has come to rest. */
async function load(path: string): Promise<string> {
  const work: Promise<unknown>[] = [];
  const request = { url: ORIGIN + path, method: "GET", mode: path.startsWith("/assets/") ? "no-cors" : "navigate" };
  let answer: Promise<Response> = Promise.reject(new Error("not answered"));
  answer.catch(() => undefined);
  listeners.fetch?.({ request, respondWith: (given: Promise<Response>) => (answer = given), waitUntil: (one: Promise<unknown>) => work.push(one) });
  const text = await (await answer).text();
  await Promise.all(work);
  return text;
}

test("what was loaded opens without the service, and an update takes the place of it", async () => {
  await load("/");
  await load("/assets/a.js");
  served = null;
  expect([await load("/"), await load("/assets/a.js")]).toEqual(["page 1", "script"]);
  served = { "/": "page 2" };
  expect(await load("/")).toBe("page 2");
  expect([...kept]).toEqual([["/", "page 2"]]);
});

test("an update while a file is loaded keeps the file", async () => {
  await load("/");
  await load("/assets/a.js");
  served = { "/": "page 2", "/assets/a.js": "script" };
  await Promise.all([load("/"), load("/assets/a.js")]);
  expect([...kept]).toEqual([["/", "page 2"], ["/assets/a.js", "script"]]);
});

test.each<Fault>(["open", "put", "delete", "match"])("the service's answer is given although %s fails", async (fault) => {
  kept.set("/", "page 0");
  faults.add(fault);
  expect([await load("/"), await load("/assets/a.js")]).toEqual(["page 1", "script"]);
});

test("an address without a kept document fails as without a worker", async () => {
  served = null;
  await expect(load("/")).rejects.toThrow("Failed to fetch");
});

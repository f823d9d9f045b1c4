// Calls the service's routes; the types are generated from the server's code.
import type { Routes } from "./generated";

export type Route = keyof Routes;
export type Answer<R extends Route> = Routes[R]["answer"];

type Part<R extends Route, K extends "path" | "query" | "body"> = Routes[R][K] extends undefined | Record<string, never>
  ? { [key in K]?: undefined }
  : { [key in K]: Routes[R][K] };

/** The parts of a request that the route has. */
type Request<R extends Route> = Part<R, "path"> &
  Partial<Part<R, "query">> &
  (null extends Routes[R]["body"] ? Partial<Part<R, "body">> : Part<R, "body">);

export interface FieldError {
  field: string;
  message: string;
}

/** An error answer: what failed and what to do, in the server's words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly cure: string,
    readonly errors: readonly FieldError[] = [],
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super([detail, cure].filter(Boolean).join(" "));
  }
}

/** Call a route.
 *
 * Throws `Problem`, with status 0 if the service is unreachable.
 */
export async function call<R extends Route>(
  route: R,
  request: Request<R>,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<Answer<R>> {
  const [method = "GET", template = "/"] = route.split(" ");
  const body = request.body as unknown;
  const init: RequestInit = { method, headers: { Accept: "application/json", ...options.headers }, signal: options.signal ?? null };
  if (method !== "GET" && method !== "DELETE") {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body ?? {});
  }
  const answer = await send(fill(template, request.path ?? {}) + search(request.query ?? {}), init);
  if (!answer.ok) throw await problemOf(answer);
  const type = answer.headers.get("Content-Type") ?? "";
  return (type.includes("json") ? await answer.json() : await answer.text()) as Answer<R>;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "service_unreachable", "The service does not answer.", "Is `boocoder serve` running?");
  }
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = (await answer.json()) as Record<string, unknown>;
    return new Problem(
      answer.status,
      String(body.code ?? "unknown"),
      String(body.detail ?? answer.statusText),
      String(body.cure ?? ""),
      (body.errors as FieldError[] | undefined) ?? [],
      body,
    );
  } catch {
    return new Problem(answer.status, "unknown", `The service answered ${answer.status}.`, "");
  }
}

function fill(template: string, path: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
}

function search(query: Record<string, unknown>): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parts.append(name, String(one));
    }
  }
  const text = parts.toString();
  return text && `?${text}`;
}

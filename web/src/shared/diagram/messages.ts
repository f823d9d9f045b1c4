// Messages between the page and the iframe that draws diagrams.

export interface DiagramRequest {
  id: number;
  code: string;
  dark: boolean;
}

export type DiagramAnswer = { id: number } & ({ svg: string; width: number; height: number } | { error: string });

/** An answer of the iframe; null for anything else. */
export function diagramAnswer(data: unknown): DiagramAnswer | null {
  if (typeof data !== "object" || data === null) return null;
  const { id, svg, width, height, error } = data as Record<string, unknown>;
  if (typeof id !== "number") return null;
  if (typeof error === "string") return { id, error };
  return typeof svg === "string" && typeof width === "number" && typeof height === "number" ? { id, svg, width, height } : null;
}

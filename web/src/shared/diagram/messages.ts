// Messages between the page and the iframe that draws diagrams.

export interface DiagramRequest {
  id: number;
  code: string;
  dark: boolean;
}

const SIDE_MAX_PX = 20_000;
const SVG_MAX_CHARS = 2_000_000;

export type DiagramAnswer = { id: number } & ({ svg: string; width: number; height: number } | { error: string });

/** An answer of the iframe, without an image that a browser could hardly show; null for anything else. */
export function diagramAnswer(data: unknown): DiagramAnswer | null {
  if (typeof data !== "object" || data === null) return null;
  const { id, svg, width, height, error } = data as Record<string, unknown>;
  if (typeof id !== "number") return null;
  if (typeof error === "string") return { id, error };
  if (typeof svg !== "string" || typeof width !== "number" || typeof height !== "number") return null;
  const fits = width <= SIDE_MAX_PX && height <= SIDE_MAX_PX && svg.length <= SVG_MAX_CHARS;
  return fits ? { id, svg, width, height } : { id, error: "It is too large to be shown." };
}

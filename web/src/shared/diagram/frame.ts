// The iframe's program: turns the text of a diagram into an SVG image. It has no origin and no network, only one port.
import "@mermaid-js/tiny";
import type { DiagramAnswer, DiagramRequest } from "./messages";

const CODE_MAX_CHARS = 20_000;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif';

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (event.source !== parent || !port) return;
  // The page asks for one at a time.
  port.onmessage = async ({ data }: MessageEvent<DiagramRequest>) => port.postMessage(await draw(data));
}, { once: true });

async function draw({ id, code, dark }: DiagramRequest): Promise<DiagramAnswer> {
  try {
    mermaid.initialize({
      startOnLoad: false,
      securityLevel: "strict",
      suppressErrorRendering: true,
      htmlLabels: false, // an image shows no HTML
      flowchart: { htmlLabels: false },
      maxTextSize: CODE_MAX_CHARS,
      theme: dark ? "dark" : "neutral",
      fontFamily: FONT,
    });
    const { svg } = await mermaid.render(`diagram-${id}`, code);
    return { id, ...sized(svg) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

/** With a size of its own, which an image needs: as large as it was drawn. */
function sized(svg: string): { svg: string; width: number; height: number } {
  const root = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  if (!root) throw new Error("Nothing was drawn.");
  const { width, height } = root.viewBox.baseVal;
  root.setAttribute("width", String(width));
  root.setAttribute("height", String(height));
  root.style.removeProperty("max-width");
  return { svg: new XMLSerializer().serializeToString(root), width, height };
}

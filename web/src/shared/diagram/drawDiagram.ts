// Asks the iframe for diagrams, one at a time. There is one for the whole page, made for the first diagram.
import styles from "./Diagram.module.css";
import { type DiagramAnswer, diagramAnswer } from "./messages";

const LOAD_LIMIT_MS = 60_000; // the program is large
const DRAW_LIMIT_MS = 20_000;

interface Frame {
  element: HTMLIFrameElement;
  port: MessagePort;
}

let opened: Promise<Frame> | null = null;
let last: Promise<unknown> = Promise.resolve();
let count = 0;

/** Draw a diagram; the answer is an SVG image, or why there is none. */
export function drawDiagram(code: string, dark: boolean): Promise<DiagramAnswer> {
  const id = ++count;
  const drawn = last.then(() => draw(id, code, dark)).catch((error: Error): DiagramAnswer => ({ id, error: error.message }));
  last = drawn;
  return drawn;
}

async function draw(id: number, code: string, dark: boolean): Promise<DiagramAnswer> {
  const { element, port } = await (opened ??= open());
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      close(element); // it may be busy for ever; the next diagram gets a new one
      resolve({ id, error: "Drawing took too long." });
    }, DRAW_LIMIT_MS);
    port.onmessage = (event) => {
      const answer = diagramAnswer(event.data);
      if (answer?.id !== id) return;
      clearTimeout(timer);
      resolve(answer);
    };
    port.postMessage({ id, code, dark });
  });
}

function open(): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("iframe");
    const timer = setTimeout(() => {
      close(element);
      reject(new Error("The program that draws diagrams did not load."));
    }, LOAD_LIMIT_MS);
    element.className = styles.frame ?? "";
    element.title = "Draws diagrams";
    element.tabIndex = -1;
    element.setAttribute("aria-hidden", "true");
    element.setAttribute("sandbox", "allow-scripts");
    element.src = "/diagram-frame";
    element.onload = () => {
      clearTimeout(timer);
      const channel = new MessageChannel();
      // The iframe has no origin to name here; only this port is handed over.
      element.contentWindow?.postMessage("port", "*", [channel.port2]);
      resolve({ element, port: channel.port1 });
    };
    document.body.append(element);
  });
}

function close(element: HTMLIFrameElement): void {
  element.remove();
  opened = null;
}

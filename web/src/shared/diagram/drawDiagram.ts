// Asks the iframe for diagrams. There is one for the whole page, made for the first diagram.
import styles from "./Diagram.module.css";
import { type DiagramAnswer, diagramAnswer } from "./messages";

const LIMIT_MS = 20_000; // the program is large, and the first diagram waits for it

type Waiting = Map<number, (answer: DiagramAnswer) => void>;

let opened: Promise<MessagePort> | null = null;
const waiting: Waiting = new Map();
let count = 0;

/** Draw a diagram; the answer is an SVG image, or why there is none. */
export async function drawDiagram(code: string, dark: boolean): Promise<DiagramAnswer> {
  const id = ++count;
  const port = await (opened ??= open());
  return new Promise((resolve) => {
    const done = (answer: DiagramAnswer) => {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(answer);
    };
    const timer = setTimeout(() => done({ id, error: "Drawing took too long." }), LIMIT_MS);
    waiting.set(id, done);
    port.postMessage({ id, code, dark });
  });
}

function open(): Promise<MessagePort> {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.className = styles.frame ?? "";
    frame.title = "Draws diagrams";
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "/diagram-frame";
    frame.onload = () => {
      const channel = new MessageChannel();
      channel.port1.onmessage = (event) => {
        const answer = diagramAnswer(event.data);
        if (answer) waiting.get(answer.id)?.(answer);
      };
      // The iframe has no origin to name here; only this port is handed over.
      frame.contentWindow?.postMessage("port", "*", [channel.port2]);
      resolve(channel.port1);
    };
    document.body.append(frame);
  });
}

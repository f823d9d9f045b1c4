// A shell in the session's worktree, drawn in an iframe without origin or network access.
import { RotateCw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../shared/ui/Button";
import { openLine, type State } from "./line";
import { fromFrame, type ToFrame, withCtrl } from "./messages";
import { TerminalKeys } from "./TerminalKeys";
import styles from "./TerminalView.module.css";
import { useTerminalTheme } from "./useTerminalTheme";

export default function TerminalView({ sessionId }: { sessionId: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const [state, setState] = useState<State>({ kind: "opening" });
  const [port, setPort] = useState<MessagePort | null>(null);
  const [round, again] = useState(0);
  const [ctrl, holdCtrl] = useState(false);
  const held = useRef(false);
  held.current = ctrl;
  const size = useRef({ rows: 24, columns: 80 });
  const look = useTerminalTheme();
  const loaded = () => {
    const channel = new MessageChannel();
    // The iframe has no origin to name here; only this port is handed over.
    frame.current?.contentWindow?.postMessage("port", "*", [channel.port2]);
    setPort(channel.port1);
  };
  useEffect(() => {
    if (port) say(port, { type: "look", look });
  }, [port, look]);
  useEffect(() => {
    if (!port) return;
    let line: ReturnType<typeof openLine> | null = null;
    const open = () => {
      line = openLine(sessionId, size.current, (bytes) => say(port, { type: "data", bytes }), setState);
    };
    port.onmessage = (event) => {
      const message = fromFrame(event.data);
      if (message?.type === "input") {
        line?.type(held.current ? withCtrl(message.text) : message.text);
        held.current = false; // for a character that comes before the page is drawn again
        holdCtrl(false);
      }
      else if (message?.type === "leave") leave.current?.focus();
      else if (message?.type === "resize") {
        size.current = { rows: message.rows, columns: message.columns };
        if (line) line.resize(message.rows, message.columns);
        else open(); // start the shell with its final size
      }
    };
    if (round > 0) {
      say(port, { type: "clear" });
      open();
    }
    say(port, { type: "focus" });
    return () => line?.close();
  }, [port, sessionId, round]);
  const over = state.kind === "ended" || state.kind === "lost" || state.kind === "failed";
  return (
    <div className={styles.terminal}>
      <div className={styles.head} role="status">
        <span>{wordsOf(state)}</span>
        {over && (
          <Button small icon={<RotateCw />} onClick={() => again(round + 1)}>
            {state.kind === "lost" ? "Reconnect" : "Restart"}
          </Button>
        )}
        <button type="button" ref={leave} className={styles.hint} onClick={() => port && say(port, { type: "focus" })}>
          Shift+Esc leaves the terminal
        </button>
      </div>
      <iframe ref={frame} className={styles.frame} title="Terminal of the agent's copy" src="/terminal-frame" sandbox="allow-scripts" onLoad={loaded} />
      <TerminalKeys ctrl={ctrl} onCtrl={() => holdCtrl(!ctrl)} onKey={(key) => port && say(port, { type: "key", key })} />
    </div>
  );
}

function say(port: MessagePort, message: ToFrame): void {
  port.postMessage(message);
}

function wordsOf(state: State): string {
  switch (state.kind) {
    case "opening":
      return "Starting a shell…";
    case "open":
      return "A shell in the agent's copy, running as you";
    case "ended":
      return state.exitCode === null ? "This terminal was opened in another page." : `The shell exited with code ${state.exitCode}.`;
    case "lost":
      return "Connection lost. The shell is kept for 30 seconds.";
    case "failed":
      return [state.problem.detail, state.problem.cure].filter(Boolean).join(" ");
  }
}

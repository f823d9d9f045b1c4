// A tool's input or output. A frame has the beginning of a long one; the rest is loaded in pages on demand.
import { useMemo, useState } from "react";
import { call } from "../../../shared/api/client";
import type { ToolCallFrame } from "../../../shared/api/generated";
import { spansOf } from "../../../shared/text/ansi";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import { CopyButton } from "../../../shared/ui/CopyButton";
import { showError } from "../../../shared/ui/Toasts";
import styles from "./LongText.module.css";

interface LongTextProps {
  frame: ToolCallFrame;
  field: "input" | "output";
  label: string;
  /** Render terminal colours and carriage returns. */
  terminal?: boolean;
}

const PAGE_CHARS = 200_000;
const SHOWN_MAX_CHARS = 1_000_000; // beyond it, the page would stall

export function LongText({ frame, field, label, terminal = false }: LongTextProps) {
  const piece = (field === "input" ? frame.input : frame.output) ?? "";
  const total = (field === "input" ? frame.input_chars : frame.output_chars) ?? 0;
  const [whole, setWhole] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  const text = whole ?? piece;
  const shown = useMemo(() => (terminal ? null : pretty(text)), [terminal, text]);
  if (!text) return null;
  const load = async () => {
    setLoading(true);
    try {
      setWhole(await readAll(frame, field, Math.min(total, SHOWN_MAX_CHARS)));
    } catch (error) {
      showError(error);
    }
    setLoading(false);
  };
  const cut = whole === null && total > Array.from(piece).length;
  return (
    <div className={styles.box}>
      <div className={styles.head}>
        <span>{label}</span>
        {cut && (
          <Button kind="quiet" small disabled={loading} onClick={load}>
            {loading ? "Loading…" : `Show all ${total.toLocaleString()} characters`}
          </Button>
        )}
        <CopyButton text={text} what={label.toLowerCase()} />
      </div>
      <pre className={styles.text} tabIndex={0}>
        {terminal ? <TerminalText text={text} /> : shown}
      </pre>
    </div>
  );
}

function TerminalText({ text }: { text: string }) {
  const spans = useMemo(() => spansOf(text), [text]);
  return spans.map((span, index) => (
    <span key={index} className={span.classes.split(" ").map((name) => styles[name]).join(" ") || undefined}>
      {visible(span.text)}
    </span>
  ));
}

/** Pretty-print JSON; other text stays. */
function pretty(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      return visible(JSON.stringify(JSON.parse(trimmed), null, 2));
    } catch {
      // truncated, or no JSON
    }
  }
  return visible(text);
}

async function readAll(frame: ToolCallFrame, field: "input" | "output", total: number): Promise<string> {
  const path = { message_id: frame.message_id, part: frame.part };
  let text = "";
  for (let offset = 0; offset < total; offset += PAGE_CHARS) {
    const query = { field, offset, limit: Math.min(PAGE_CHARS, total - offset) };
    text += (await call("GET /api/messages/{message_id}/parts/{part}/text", { path, query })).text;
  }
  return text;
}

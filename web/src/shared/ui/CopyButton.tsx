// Copies a text and confirms it briefly.
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./Button";
import { copyText } from "./clipboard";
import { showError } from "./Toasts";

interface CopyButtonProps {
  /** The text, or a function where producing it is expensive. */
  text: string | (() => string);
  what: string;
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    copyText(typeof text === "string" ? text : text()).then(() => setCopied(true), showError);
  };
  return (
    <IconButton label={copied ? "Copied" : `Copy ${what}`} icon={copied ? <Check /> : <Copy />} onClick={copy} />
  );
}

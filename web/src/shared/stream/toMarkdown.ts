// An answer as markdown, for the clipboard.
import type { Message } from "./conversation";

export function toMarkdown(message: Message): string {
  const pieces: string[] = [];
  for (const part of message.parts) {
    if (part.kind === "text") pieces.push(part.text.trim());
    else if (part.kind === "tool_call") pieces.push(`> ${part.frame.title || part.frame.name} (${part.frame.status})`);
    else if (part.kind === "plan") {
      pieces.push(part.frame.entries.map((one) => `- [${one.status === "completed" ? "x" : " "}] ${one.text}`).join("\n"));
    }
  }
  return `${pieces.filter(Boolean).join("\n\n")}\n`;
}

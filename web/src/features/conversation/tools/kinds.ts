// Icon and word of each tool kind.
import { Bot, Brain, FilePen, FileText, Globe, Search, Terminal, Trash2, Wrench, ArrowRightLeft, type LucideIcon } from "lucide-react";
import type { ToolKind } from "../../../shared/api/generated";

const KINDS: Record<ToolKind, { icon: LucideIcon; word: string }> = {
  read: { icon: FileText, word: "Read" },
  edit: { icon: FilePen, word: "Edit" },
  delete: { icon: Trash2, word: "Delete" },
  move: { icon: ArrowRightLeft, word: "Move" },
  search: { icon: Search, word: "Search" },
  execute: { icon: Terminal, word: "Command" },
  think: { icon: Brain, word: "Think" },
  fetch: { icon: Globe, word: "Fetch" },
  agent: { icon: Bot, word: "Sub-agent" },
  other: { icon: Wrench, word: "Tool" },
};

export function kindOf(kind: ToolKind): { icon: LucideIcon; word: string } {
  return KINDS[kind] ?? KINDS.other;
}

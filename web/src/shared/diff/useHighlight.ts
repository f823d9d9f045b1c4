// Highlights a block of lines once the highlighter is loaded and the page is idle.
import { useEffect, useState } from "react";
import type { DiffLine } from "../api/generated";
import { tokenLines, type Token } from "./segments";

const LINE_MAX_CHARS = 1_000; // longer lines are generated
const SETTLE_MS = 60; // skip blocks that are only scrolled past

export type Colours = ReadonlyMap<DiffLine, readonly Token[]>;

export function useHighlight(lines: readonly DiffLine[], path: string, wanted: boolean): Colours | null {
  const [colours, setColours] = useState<{ of: readonly DiffLine[]; map: Colours } | null>(null);
  useEffect(() => {
    if (!wanted || lines.some((line) => line.text.length > LINE_MAX_CHARS)) return;
    let here = true;
    const timer = setTimeout(async () => {
      const { highlighted, languageOf } = await import("../markdown/highlight");
      const language = languageOf(path);
      if (!here || !language) return;
      const map = new Map<DiffLine, Token[]>();
      for (const left of ["added", "removed"] as const) {
        const side = lines.filter((line) => line.kind !== left);
        const cut = tokenLines(highlighted(side.map((line) => line.text).join("\n"), language));
        side.forEach((line, index) => map.set(line, cut[index] ?? []));
      }
      setColours({ of: lines, map });
    }, SETTLE_MS);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [lines, path, wanted]);
  return colours?.of === lines ? colours.map : null;
}

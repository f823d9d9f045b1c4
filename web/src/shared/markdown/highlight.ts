// Syntax highlighting: text in, React nodes with class names out. Loaded with the first code block.
import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import { common, createLowlight } from "lowlight";
import type { ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";
import "./highlight.css";

const lowlight = createLowlight(common);

/** Highlighted code; null for an unknown language. */
export function colour(code: string, language: string): ReactNode {
  const name = language.toLowerCase();
  if (!lowlight.registered(name)) return null;
  return toJsxRuntime(lowlight.highlight(name, code), { Fragment, jsx, jsxs });
}

/** The highlighted code as a tree (hast); `language` comes from `languageOf`. */
export function highlighted(code: string, language: string) {
  return lowlight.highlight(language, code);
}

/** The language of a file name, "" if unknown. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const found = ENDINGS[ending] ?? NAMES[name] ?? ending;
  return lowlight.registered(found) ? found : "";
}

const ENDINGS: Record<string, string> = { tsx: "typescript", jsx: "javascript", mjs: "javascript", h: "c", hpp: "cpp", cc: "cpp", yml: "yaml", toml: "ini", svg: "xml", vue: "xml", zsh: "bash" };
const NAMES: Record<string, string> = { makefile: "makefile", dockerfile: "bash", ".gitignore": "bash" };

// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { ProjectOut } from "./outputs";

/** The demo project, and a first task for it that the scripted agent can do. */
export interface DemoOut {
  project: ProjectOut;
  agent: string;
  title: string;
  prompt: string;
}

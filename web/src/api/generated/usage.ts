// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.

/** Turns that share an agent, a model or a project, or all of them. */
export interface UsageSumOut {
  kind: "agent" | "model" | "project" | "total";
  agent: string;
  model: string;
  project_id: string | null;
  turns: number;
  completed: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cost_usd: number;
  seconds: number;
}

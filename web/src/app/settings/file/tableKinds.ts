// Tables of the settings file whose names a person chooses.

export type TableKind = "agents" | "models" | "mcp";

export const KIND_WORDS: Record<TableKind, string> = { agents: "agent", models: "model server", mcp: "MCP server" };

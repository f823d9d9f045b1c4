"""The MCP server against the program with its scripted agent, driven by the official SDK's client."""

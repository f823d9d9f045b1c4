"""MCP servers as the native agent uses them, over the official SDK."""

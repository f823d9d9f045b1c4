"""The MCP server: other agents and programs drive boocoder with it, over stdio or streamable HTTP."""

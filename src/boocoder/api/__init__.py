"""The HTTP API: routes, WebSocket, server-sent events, authentication."""

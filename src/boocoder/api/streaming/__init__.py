"""WebSocket and server-sent event transports."""

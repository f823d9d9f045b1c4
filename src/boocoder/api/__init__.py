"""HTTP, WebSocket and SSE: accepts work and shows it; never touches a backend."""

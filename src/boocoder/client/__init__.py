"""Client of the HTTP API: finding the service, requests, a session's stream that reconnects, reviews."""

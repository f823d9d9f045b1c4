"""Client of the HTTP API: requests, streams, ids, and finding the service."""

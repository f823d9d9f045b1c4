"""HTTP client, wire types and event stream of `opencode serve`."""

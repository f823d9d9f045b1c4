"""opencode through one warm `opencode serve`."""

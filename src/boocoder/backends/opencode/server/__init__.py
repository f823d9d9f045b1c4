"""The warm `opencode serve` process."""

"""opencode's events translated into agent events."""

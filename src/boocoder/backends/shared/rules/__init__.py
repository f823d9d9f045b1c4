"""Rule files: reading them for an agent, and saying which of them it gets."""

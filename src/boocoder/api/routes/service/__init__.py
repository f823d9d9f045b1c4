"""Routes of the service itself: health, agents, usage, search, streams, settings."""

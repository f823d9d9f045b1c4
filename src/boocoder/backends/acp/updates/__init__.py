"""session/update notifications translated into agent events."""

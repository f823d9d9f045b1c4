"""Programs that run in a separate interpreter."""

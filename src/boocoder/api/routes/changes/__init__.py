"""Routes of changes and their review."""

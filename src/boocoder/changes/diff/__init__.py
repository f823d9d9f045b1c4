"""A change as files, hunks and lines."""

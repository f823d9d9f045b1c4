"""Routes of projects and what a session can start from."""

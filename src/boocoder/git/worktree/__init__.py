"""Worktrees and start points."""

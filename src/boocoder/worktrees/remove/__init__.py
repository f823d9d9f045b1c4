"""Removing and restoring a worktree."""

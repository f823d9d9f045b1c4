"""Rows of worktrees, snapshots, changes and reviews."""

"""boocoder gives coding agents their work: queue, turns, worktrees, changes."""

"""Commands for a session's files: snapshots and worktrees."""

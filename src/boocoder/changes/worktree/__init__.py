"""Writing a session's worktree: reverted units, conflicts to resolve, the commit that was applied."""

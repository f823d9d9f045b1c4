"""Creating and setting up a worktree."""

"""Routes of sessions, their messages, files and worktrees."""

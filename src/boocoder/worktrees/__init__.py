"""The worktrees of sessions: made, set up, snapshotted, rewound, removed and restored."""

"""The worktrees of sessions: made, set up, snapshotted, rewound, taken away and brought back."""

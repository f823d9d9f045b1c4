-- Worktrees of sessions, and the snapshots taken of them.

-- name: put_worktree
-- The session's worktree and the commit that its change is measured against.
INSERT INTO session_worktrees (session_id, path, base_commit, base_tree, state) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE
    SET path = excluded.path, base_commit = excluded.base_commit, base_tree = excluded.base_tree,
        state = excluded.state
RETURNING true AS done;

-- name: set_worktree_state
-- making -> ready -> gone.
UPDATE session_worktrees SET state = $2 WHERE session_id = $1 RETURNING true AS done;

-- name: get_worktree
-- The worktree of a session.
SELECT session_id, path, base_commit, base_tree, state, created_at FROM session_worktrees WHERE session_id = $1;

-- name: list_worktrees
-- The worktrees of one host's sessions that are not gone.
SELECT w.session_id, w.path, w.base_commit, w.base_tree, w.state, w.created_at
FROM session_worktrees w JOIN sessions s ON s.id = w.session_id
WHERE s.host_id = $1 AND w.state <> 'gone'
ORDER BY w.created_at, w.session_id;

-- name: insert_snapshot
-- A tree that was taken of a worktree, and where the session's stream stood then.
INSERT INTO snapshots (id, session_id, task_id, kind, tree, ref, note, seq, taken_at)
SELECT $1, $2, $3, $4, $5, $6, $7, (SELECT e.last_seq FROM event_streams e WHERE e.session_id = $2), clock_timestamp()
RETURNING true AS done;

-- name: latest_snapshot
-- The newest snapshot of a session.
SELECT id, session_id, task_id, kind, tree, taken_at, ref, seq, note FROM snapshots
WHERE session_id = $1 ORDER BY taken_at DESC, id DESC LIMIT 1;

-- Worktrees of sessions, and the snapshots taken of them.

-- name: put_worktree
-- The session's worktree and the commit that its change is measured against.
INSERT INTO session_worktrees (session_id, path, base_commit, base_tree, state) VALUES ($1, relative_path($2), $3, $4, $5)
ON CONFLICT (session_id) DO UPDATE
    SET path = excluded.path, base_commit = excluded.base_commit, base_tree = excluded.base_tree,
        state = excluded.state
RETURNING true AS done;

-- name: set_worktree_state
-- making -> ready -> gone.
UPDATE session_worktrees SET state = $2 WHERE session_id = $1 RETURNING true AS done;

-- name: get_worktree
-- The worktree of a session.
SELECT session_id, absolute_path(path) AS path, base_commit, base_tree, state, created_at, setup_state FROM session_worktrees
WHERE session_id = $1;

-- name: list_worktrees
-- The worktrees of one host's sessions that are not gone.
SELECT w.session_id, absolute_path(w.path) AS path, w.base_commit, w.base_tree, w.state, w.created_at, w.setup_state
FROM session_worktrees w JOIN sessions s ON s.id = w.session_id
WHERE s.host_id = $1 AND w.state <> 'gone'
ORDER BY w.created_at, w.session_id;

-- name: is_session_path
-- Whether a path is that of a session's worktree, there or gone.
SELECT EXISTS (SELECT FROM session_worktrees WHERE path = relative_path($1)) AS done;

-- name: insert_snapshot
-- A tree that was taken of a worktree, and where the session's stream stood then.
INSERT INTO snapshots (id, session_id, task_id, kind, tree, ref, note, head_commit, seq, taken_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, (SELECT e.last_seq FROM event_streams e WHERE e.session_id = $2), clock_timestamp()
RETURNING true AS done;

-- name: latest_snapshot
-- The newest snapshot of a session.
SELECT id, session_id, task_id, kind, tree, taken_at, seq, note, ref FROM snapshots
WHERE session_id = $1 ORDER BY taken_at DESC, id DESC LIMIT 1;

-- name: list_usage
-- The worktrees of host $1's sessions with all that decides whether they are kept, the longest unused first. One that
-- is gone is listed where $2 says so; only that of session $3 and of project
-- $4 unless they are null. A removal that was tried and refused is no use of it.
SELECT w.session_id, s.project_id, s.title, absolute_path(w.path) AS path, w.state, s.state AS session_state, s.pinned, w.created_at,
       greatest(s.updated_at, w.created_at,
                (SELECT max(t.ended_at) FROM tasks t WHERE t.session_id = s.id),
                (SELECT max(n.taken_at) FROM snapshots n WHERE n.session_id = s.id AND n.kind <> 'before_removal')
       ) AS used_at,
       w.size_bytes, w.measured_at, w.removed_at, w.removed_why, w.busy_why,
       EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state IN ('pending', 'running')) AS has_work,
       EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state = 'running') AS running
FROM session_worktrees w JOIN sessions s ON s.id = w.session_id
WHERE s.host_id = $1 AND ($2 OR w.state <> 'gone') AND ($3::uuid IS NULL OR w.session_id = $3)
  AND ($4::uuid IS NULL OR s.project_id = $4)
ORDER BY used_at, w.session_id;

-- name: begin_removal
-- ready -> removing: the tombstone. Not while the session has work to do.
UPDATE session_worktrees w SET state = 'removing', removed_why = $2
WHERE w.session_id = $1 AND w.state IN ('making', 'ready')
  AND NOT EXISTS (SELECT FROM tasks t WHERE t.session_id = $1 AND t.state IN ('pending', 'running'))
RETURNING true AS done;

-- name: end_removal
-- removing -> gone, when no file is left.
UPDATE session_worktrees SET state = 'gone', removed_at = now(), size_bytes = NULL, measured_at = NULL
WHERE session_id = $1 AND state = 'removing'
RETURNING true AS done;

-- name: put_back
-- removing -> ready, with all files there; gone -> ready, with all files there again.
UPDATE session_worktrees SET state = 'ready', removed_at = NULL, removed_why = ''
WHERE session_id = $1 AND state <> 'ready'
RETURNING true AS done;

-- name: put_size
-- How much disk a worktree takes.
UPDATE session_worktrees SET size_bytes = $2, measured_at = now() WHERE session_id = $1 AND state = 'ready'
RETURNING true AS done;

-- name: pin_session
-- Whether the garbage collector skips the worktree of the session.
UPDATE sessions SET pinned = $2 WHERE id = $1 RETURNING true AS done;

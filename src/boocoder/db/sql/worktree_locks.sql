-- Exclusive locks on the worktrees of sessions; claim_tasks in tasks.sql skips locked sessions.

-- name: lock_worktree
-- Locks the worktree of session $1 for run $2 of host $3, where no turn runs in it. Locks of an earlier run of the
-- host do not count.
UPDATE session_worktrees w SET busy_instance = $2, busy_why = $4
FROM sessions s
WHERE w.session_id = $1 AND s.id = w.session_id AND s.host_id = $3
  AND (w.busy_instance IS NULL OR w.busy_instance <> $2)
  AND NOT EXISTS (SELECT FROM tasks t WHERE t.session_id = $1 AND t.state = 'running')
RETURNING true AS done;

-- name: unlock_worktree
-- Unlocks the worktree of session $1, and wakes the claiming hosts: a task may have waited.
UPDATE session_worktrees w SET busy_instance = NULL, busy_why = ''
WHERE w.session_id = $1 AND w.busy_instance = $2
RETURNING pg_notify('boocoder_tasks', 'ready:' || w.session_id) IS NOT NULL AS done;

-- name: get_lock_state
-- Whether a session has a worktree, its host, what holds it, and whether a turn runs in it.
SELECT w.session_id IS NOT NULL AS exists, s.host_id, coalesce(w.busy_why, '') AS busy_why,
       EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state = 'running') AS running
FROM sessions s LEFT JOIN session_worktrees w ON w.session_id = s.id
WHERE s.id = $1;

-- name: begin_rewind
-- Written before the first file of a rewind.
UPDATE session_worktrees SET rewind_to = $2 WHERE session_id = $1 AND state = 'ready' RETURNING true AS done;

-- name: end_rewind
-- Written after the last file of a rewind, or when it is given up.
UPDATE session_worktrees SET rewind_to = NULL WHERE session_id = $1 AND rewind_to IS NOT NULL RETURNING true AS done;

-- name: list_rewinds
-- Rewinds of host $1's sessions that have not ended.
SELECT w.session_id, w.rewind_to AS snapshot_id
FROM session_worktrees w JOIN sessions s ON s.id = w.session_id
WHERE s.host_id = $1 AND w.rewind_to IS NOT NULL
ORDER BY w.session_id;

-- How a session's worktree starts, and whether it has been set up.

-- name: get_start
-- What a session starts from, and whose it is.
SELECT s.start_from, s.start_dirty, s.project_id, p.path AS project_path, s.title
FROM sessions s JOIN projects p ON p.id = s.project_id
WHERE s.id = $1;

-- name: set_start
-- Where a session that has no worktree yet starts from, and on which host that was looked up, if on any ($4).
UPDATE sessions
SET start_from = $2, start_dirty = $3, start_host_id = (SELECT h.id FROM hosts h WHERE h.id = $4)
WHERE id = $1 RETURNING true AS done;

-- name: begin_setup
-- A worktree was made, or made again: whether there is something to do before an agent gets it.
UPDATE session_worktrees w
SET setup_state = CASE WHEN EXISTS (
        SELECT FROM sessions s JOIN project_settings c ON c.project_id = s.project_id
        WHERE s.id = w.session_id AND (c.setup <> '' OR c.copy_patterns <> '{}')
    ) THEN 'running'::setup_state ELSE 'none' END
WHERE w.session_id = $1
RETURNING w.setup_state;

-- name: set_setup_state
-- none, or running -> done | failed; failed -> running.
UPDATE session_worktrees SET setup_state = $2 WHERE session_id = $1 RETURNING true AS done;

-- name: end_setup
-- running -> done. What the worktree holds now ($2) is the base of its change, unless an agent has worked in it.
UPDATE session_worktrees w
SET setup_state = 'done',
    base_tree = CASE WHEN EXISTS (SELECT FROM snapshots s WHERE s.session_id = w.session_id)
                     THEN w.base_tree ELSE $2 END
WHERE w.session_id = $1
RETURNING w.base_tree;

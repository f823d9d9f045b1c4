-- Deleting sessions. Their files follow, from the rows of deleted_sessions.

-- name: get_contents
-- What session $1 has.
SELECT s.id AS session_id, s.title, s.pinned,
       (SELECT count(*) FROM tasks t WHERE t.session_id = s.id AND t.state IN ('pending', 'running')) AS open_tasks,
       (SELECT count(*) FROM messages m WHERE m.session_id = s.id) AS messages,
       (SELECT count(*) FROM snapshots n WHERE n.session_id = s.id) AS snapshots,
       EXISTS (SELECT FROM pending_changes c WHERE c.session_id = s.id AND c.state = 'pending') AS pending_change,
       EXISTS (SELECT FROM session_worktrees w WHERE w.session_id = s.id AND w.state <> 'gone') AS worktree
FROM sessions s WHERE s.id = $1;

-- name: list_begun_from
-- The sessions that began from session $1, at any depth: forks, and those of tasks that its agents started. The deepest
-- first.
WITH RECURSIVE begun AS (
    SELECT $1::uuid AS id, 0 AS depth
    UNION
    SELECT next.id, b.depth + 1
    FROM begun b CROSS JOIN LATERAL (
        SELECT f.id FROM sessions f WHERE f.forked_from = b.id
        UNION
        SELECT c.session_id FROM tasks p JOIN tasks c ON c.parent_task_id = p.id OR c.root_task_id = p.id
        WHERE p.session_id = b.id AND c.session_id <> b.id
    ) next
    WHERE b.depth < 100
)
SELECT s.id, s.title FROM sessions s JOIN begun b ON b.id = s.id
WHERE s.id <> $1
GROUP BY s.id ORDER BY max(b.depth) DESC, s.created_at;

-- name: delete_session
-- Session $1 of host $2 with all its rows, where nothing runs or waits in it, its worktree is gone and no other began from
-- it.
WITH gone AS (
    DELETE FROM sessions s
    WHERE s.id = $1 AND coalesce(s.host_id, $2) = $2 AND NOT is_worked_on(s.id)
      AND NOT EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state IN ('pending', 'running'))
      AND NOT EXISTS (SELECT FROM session_worktrees w WHERE w.session_id = s.id AND w.state <> 'gone')
      AND NOT EXISTS (SELECT FROM sessions f WHERE f.forked_from = s.id)
      AND NOT EXISTS (
          SELECT FROM tasks p JOIN tasks c ON c.parent_task_id = p.id OR c.root_task_id = p.id
          WHERE p.session_id = s.id AND c.session_id <> s.id)
    RETURNING s.id, s.project_id
)
INSERT INTO deleted_sessions (session_id, project_id, host_id, worktree, messages, attachments)
SELECT g.id, g.project_id, $2,
       coalesce((SELECT regexp_replace(w.path, '^.*/', '') FROM session_worktrees w WHERE w.session_id = g.id), g.id::text),
       ARRAY(SELECT m.id FROM messages m WHERE m.session_id = g.id),
       ARRAY(SELECT a.id FROM attachments a JOIN tasks t ON t.id = a.task_id WHERE t.session_id = g.id)
FROM gone g
RETURNING session_id, project_id, worktree, messages, attachments;

-- name: list_deleted
-- Deleted sessions of host $1 whose files may be there.
SELECT session_id, project_id, worktree, messages, attachments
FROM deleted_sessions WHERE host_id = $1 ORDER BY deleted_at, session_id;

-- name: forget_deleted
-- No file of session $1 is left.
DELETE FROM deleted_sessions WHERE session_id = $1 RETURNING true AS done;

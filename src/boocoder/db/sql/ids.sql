-- Ids: found by their beginning, and what they belong to.

-- name: find_ids
-- Rows of kind $1 whose id is between $2 and $3 or whose name is $4 (projects: name or path; sessions: title), newest
-- first, at most $6; snapshots of session $5 only; of project $7 only unless it is null.
SELECT kind, id, label FROM (
    SELECT 'project' AS kind, id, name AS label, created_at AS at
    FROM projects WHERE $1 = 'project' AND (id BETWEEN $2 AND $3 OR $4 IN (name, path)) AND ($7::uuid IS NULL OR id = $7)
    UNION ALL
    SELECT 'session', id, title, created_at
    FROM sessions
    WHERE $1 = 'session' AND (id BETWEEN $2 AND $3 OR title = $4) AND ($7::uuid IS NULL OR project_id = $7)
    UNION ALL
    SELECT 'task', id, left(prompt, 80), created_at
    FROM tasks WHERE $1 = 'task' AND id BETWEEN $2 AND $3 AND ($7::uuid IS NULL OR project_id = $7)
    UNION ALL
    SELECT 'change', c.id, c.agent || ' ' || c.state, c.created_at
    FROM pending_changes c
    WHERE $1 = 'change' AND c.id BETWEEN $2 AND $3
      AND ($7::uuid IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.id = c.session_id AND s.project_id = $7))
    UNION ALL
    SELECT 'permission', r.id, left(r.title, 80), r.asked_at
    FROM permission_requests r
    WHERE $1 = 'permission' AND r.id BETWEEN $2 AND $3
      AND ($7::uuid IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.id = r.session_id AND s.project_id = $7))
    UNION ALL
    SELECT 'rule', r.id, r.action || ' ' || r.tool, r.created_at
    FROM permission_rules r
    WHERE $1 = 'rule' AND r.id BETWEEN $2 AND $3
      AND ($7::uuid IS NULL OR r.project_id = $7
           OR EXISTS (SELECT FROM sessions s WHERE s.id = r.session_id AND s.project_id = $7))
    UNION ALL
    SELECT 'snapshot', n.id, n.kind || ' ' || n.note, n.taken_at
    FROM snapshots n
    WHERE $1 = 'snapshot' AND n.session_id = $5 AND n.id BETWEEN $2 AND $3
      AND ($7::uuid IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.id = n.session_id AND s.project_id = $7))
) found
ORDER BY at DESC, id
LIMIT $6;

-- name: project_of
-- The project that row $2 of kind $1 belongs to; no row where it does not exist or belongs to none.
SELECT project_id FROM (
    SELECT id AS project_id FROM projects WHERE $1 = 'project' AND id = $2
    UNION ALL
    SELECT project_id FROM sessions WHERE $1 = 'session' AND id = $2
    UNION ALL
    SELECT project_id FROM tasks WHERE $1 = 'task' AND id = $2
    UNION ALL
    SELECT s.project_id FROM chats c JOIN sessions s ON s.id = c.session_id WHERE $1 = 'chat' AND c.id = $2
    UNION ALL
    SELECT s.project_id FROM messages m JOIN sessions s ON s.id = m.session_id WHERE $1 = 'message' AND m.id = $2
    UNION ALL
    SELECT t.project_id FROM attachments a JOIN tasks t ON t.id = a.task_id WHERE $1 = 'attachment' AND a.id = $2
    UNION ALL
    SELECT s.project_id FROM pending_changes c JOIN sessions s ON s.id = c.session_id WHERE $1 = 'change' AND c.id = $2
    UNION ALL
    SELECT s.project_id FROM review_comments c JOIN sessions s ON s.id = c.session_id WHERE $1 = 'comment' AND c.id = $2
    UNION ALL
    SELECT s.project_id FROM permission_requests r JOIN sessions s ON s.id = r.session_id
    WHERE $1 = 'permission' AND r.id = $2
    UNION ALL
    SELECT coalesce(r.project_id, s.project_id) FROM permission_rules r LEFT JOIN sessions s ON s.id = r.session_id
    WHERE $1 = 'rule' AND r.id = $2
    UNION ALL
    SELECT s.project_id FROM snapshots n JOIN sessions s ON s.id = n.session_id WHERE $1 = 'snapshot' AND n.id = $2
    UNION ALL
    SELECT s.project_id FROM steers m JOIN sessions s ON s.id = m.session_id WHERE $1 = 'steer' AND m.id = $2
) found
WHERE project_id IS NOT NULL;

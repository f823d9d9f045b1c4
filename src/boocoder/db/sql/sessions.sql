-- Sessions and their event streams.

-- name: insert_session
-- A session together with the counter of its stream; no row where the project does not exist.
WITH made AS (
    INSERT INTO sessions (id, project_id, title)
    SELECT $1, p.id, $3 FROM projects p WHERE p.id = $2
    RETURNING id
)
INSERT INTO event_streams (session_id) SELECT id FROM made
RETURNING true AS done;

-- name: get_session
-- One session with what its row in a list shows.
SELECT s.id, s.project_id, s.host_id, s.title, s.state, s.created_at, s.updated_at, s.start_from, s.start_dirty,
       (SELECT count(*) FROM tasks t WHERE t.session_id = s.id AND t.state = 'pending') AS pending_tasks,
       running.id AS running_task_id,
       CASE WHEN running.id IS NOT NULL THEN greatest(running.started_at, e.heard_at) END AS heard_at,
       newest.state AS last_task_state, newest.id AS last_task_id,
       c.id AS pending_change_id, c.additions, c.deletions,
       (SELECT count(*) FROM permission_requests r WHERE r.session_id = s.id AND r.state = 'asked') AS open_requests,
       s.pinned, absent.name AS absent_host,
       (newest.id IS NOT NULL AND coalesce(s.seen_at < s.updated_at, true)
        AND (running.id IS NULL
             OR EXISTS (SELECT FROM permission_requests r WHERE r.session_id = s.id AND r.state = 'asked'))) AS unread
FROM sessions s
JOIN event_streams e ON e.session_id = s.id
LEFT JOIN tasks running ON running.session_id = s.id AND running.state = 'running'
LEFT JOIN pending_changes c ON c.session_id = s.id AND c.state = 'pending'
LEFT JOIN hosts absent ON absent.id = s.host_id AND NOT is_alive(absent)
LEFT JOIN LATERAL (
    SELECT t.id, t.state FROM tasks t WHERE t.session_id = s.id ORDER BY t.ord DESC LIMIT 1
) newest ON true
WHERE s.id = $1;

-- name: list_sessions
-- A page of sessions, newest first, by creation or by last change ($7): of one project or all ($1), in one state or any
-- ($2), after session $4, with one activity or any ($5), with all words of $6 in the title, only pinned ones or
-- others or any ($8), with a chat of one agent or any ($9), created or changed ($7) from $10 on and before $11.
WITH page AS (
    SELECT s.id AS session_id, CASE WHEN $7 THEN s.updated_at ELSE s.created_at END AS at
    FROM sessions s
    WHERE ($1::uuid IS NULL OR s.project_id = $1)
      AND ($2::session_state IS NULL OR s.state = $2)
      AND ($4::uuid IS NULL
           OR (CASE WHEN $7 THEN s.updated_at ELSE s.created_at END, s.id)
              < (SELECT CASE WHEN $7 THEN b.updated_at ELSE b.created_at END, b.id FROM sessions b WHERE b.id = $4))
      AND ($5::text IS NULL
           OR $5 <> 'running' AND EXISTS (
               SELECT FROM permission_requests r WHERE r.session_id = s.id AND r.state = 'asked')
           OR $5 <> 'waiting' AND EXISTS (
               SELECT FROM tasks t WHERE t.session_id = s.id AND t.state = 'running')
           OR $5 = 'active' AND (
               EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state = 'pending')
               OR EXISTS (SELECT FROM pending_changes c WHERE c.session_id = s.id AND c.state = 'pending')
               OR (SELECT t.state FROM tasks t WHERE t.session_id = s.id ORDER BY t.ord DESC LIMIT 1)
                  IN ('failed', 'timed_out', 'interrupted')))
      AND NOT EXISTS (SELECT FROM unnest($6::text[]) word WHERE position(lower(word) IN lower(s.title)) = 0)
      AND ($8::bool IS NULL OR s.pinned = $8)
      AND ($9::text IS NULL OR EXISTS (SELECT FROM chats h WHERE h.session_id = s.id AND h.agent = $9))
      AND ($10::timestamptz IS NULL OR CASE WHEN $7 THEN s.updated_at ELSE s.created_at END >= $10)
      AND ($11::timestamptz IS NULL OR CASE WHEN $7 THEN s.updated_at ELSE s.created_at END < $11)
    ORDER BY 2 DESC, 1 DESC
    LIMIT $3
)
SELECT s.id, s.project_id, s.host_id, s.title, s.state, s.created_at, s.updated_at, s.start_from, s.start_dirty,
       (SELECT count(*) FROM tasks t WHERE t.session_id = s.id AND t.state = 'pending') AS pending_tasks,
       running.id AS running_task_id,
       CASE WHEN running.id IS NOT NULL THEN greatest(running.started_at, e.heard_at) END AS heard_at,
       newest.state AS last_task_state, newest.id AS last_task_id,
       c.id AS pending_change_id, c.additions, c.deletions,
       (SELECT count(*) FROM permission_requests r WHERE r.session_id = s.id AND r.state = 'asked') AS open_requests,
       s.pinned, absent.name AS absent_host,
       (newest.id IS NOT NULL AND coalesce(s.seen_at < s.updated_at, true)
        AND (running.id IS NULL
             OR EXISTS (SELECT FROM permission_requests r WHERE r.session_id = s.id AND r.state = 'asked'))) AS unread
FROM page
JOIN sessions s ON s.id = page.session_id
JOIN event_streams e ON e.session_id = s.id
LEFT JOIN tasks running ON running.session_id = s.id AND running.state = 'running'
LEFT JOIN pending_changes c ON c.session_id = s.id AND c.state = 'pending'
LEFT JOIN hosts absent ON absent.id = s.host_id AND NOT is_alive(absent)
LEFT JOIN LATERAL (
    SELECT t.id, t.state FROM tasks t WHERE t.session_id = s.id ORDER BY t.ord DESC LIMIT 1
) newest ON true
ORDER BY page.at DESC, s.id DESC;

-- name: count_sessions
-- How many sessions are open, archived, wait for a person, have a running turn, a pending task, or are unread; of one
-- project or all ($1).
SELECT count(*) FILTER (WHERE s.state = 'open') AS open,
       count(*) FILTER (WHERE s.state = 'archived') AS archived,
       count(*) FILTER (WHERE asked.found) AS waiting,
       count(*) FILTER (WHERE running.found) AS running,
       (SELECT count(DISTINCT t.session_id) FROM tasks t
        WHERE t.state = 'pending' AND ($1::uuid IS NULL OR t.project_id = $1)) AS queued,
       count(*) FILTER (
           WHERE s.state = 'open' AND coalesce(s.seen_at < s.updated_at, true) AND (running.found IS NULL OR asked.found)
             AND EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id)) AS unread
FROM sessions s
LEFT JOIN (SELECT DISTINCT r.session_id, true AS found FROM permission_requests r WHERE r.state = 'asked') asked
       ON asked.session_id = s.id
LEFT JOIN (SELECT t.session_id, true AS found FROM tasks t WHERE t.state = 'running') running
       ON running.session_id = s.id
WHERE $1::uuid IS NULL OR s.project_id = $1;

-- name: mark_seen
-- A person looks at the session now.
UPDATE sessions SET seen_at = now() WHERE id = $1
RETURNING true AS done;

-- name: lock_session
-- Holds the session's row, so that tasks of one session get their numbers in the order of their commits.
UPDATE sessions SET updated_at = now() WHERE id = $1
RETURNING id, project_id, state;

-- name: update_session
-- Another title or state; not archived while it has work to do.
UPDATE sessions s
SET title = coalesce($2, s.title), state = coalesce($3, s.state), updated_at = now(),
    archived_with_project = s.archived_with_project AND $3 IS NULL
WHERE s.id = $1
  AND ($3::session_state IS DISTINCT FROM 'archived'
       OR NOT EXISTS (SELECT FROM tasks t WHERE t.session_id = s.id AND t.state IN ('pending', 'running')))
RETURNING true AS done;

-- name: fork_session
-- A session like $2 that begins with its snapshot $4: with a stream, and with a worktree at $5 that is yet to be made. Its
-- change is measured against tree $7 on commit $6.
WITH made AS (
    INSERT INTO sessions (id, project_id, host_id, title, forked_from, forked_snapshot_id)
    SELECT $1, p.project_id, p.host_id, $3, p.id, $4 FROM sessions p WHERE p.id = $2
    RETURNING id
), stream AS (
    INSERT INTO event_streams (session_id) SELECT id FROM made
)
INSERT INTO session_worktrees (session_id, path, base_commit, base_tree, state)
SELECT m.id, relative_path($5), $6, $7, 'gone' FROM made m
RETURNING true AS done;

-- name: archive_of_project
-- Archives what is open in project $1, so that `reopen_of_project` knows it again.
UPDATE sessions SET state = 'archived', archived_with_project = true
WHERE project_id = $1 AND state = 'open'
RETURNING true AS done;

-- name: reopen_of_project
-- Opens what was archived with project $1; what a person had archived before stays so.
UPDATE sessions SET state = 'open', archived_with_project = false
WHERE project_id = $1 AND archived_with_project
RETURNING true AS done;

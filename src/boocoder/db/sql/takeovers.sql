-- Sessions that go on on another host than the one that has their files.

-- name: list_takeovers
-- Sessions with waiting tasks that host $1 can run, whose own host has not renewed its lease for $2 seconds (0: however
-- long) or is drained; from a drained one that runs only once everything is stored. At most $3: the most urgent first, and
-- in another order on each host.
SELECT s.id AS session_id, s.project_id, gone.id AS from_host
FROM hosts gone
JOIN sessions s ON s.host_id = gone.id AND s.state = 'open'
CROSS JOIN LATERAL (
    SELECT t.agent, t.priority FROM tasks t
    WHERE t.session_id = s.id AND t.state = 'pending' ORDER BY t.place LIMIT 1
) head
WHERE gone.id <> $1
  AND CASE
      WHEN is_alive(gone) THEN gone.drained_at IS NOT NULL AND EXISTS (
          SELECT FROM stored_snapshots t WHERE t.state = 'stored' AND t.snapshot_id = (
              SELECT n.id FROM snapshots n WHERE n.session_id = s.id ORDER BY n.taken_at DESC, n.id DESC LIMIT 1))
      ELSE gone.drained_at IS NOT NULL
           OR $2::float8 > 0 AND coalesce(gone.stopped_at, gone.lease_until) < now() - make_interval(secs => $2)
      END
  AND EXISTS (SELECT FROM session_worktrees w WHERE w.session_id = s.id)
  AND EXISTS (SELECT FROM hosts mine WHERE mine.id = $1 AND mine.drained_at IS NULL)
  AND EXISTS (SELECT FROM host_projects p WHERE p.host_id = $1 AND p.project_id = s.project_id AND p.state = 'ready')
  AND EXISTS (SELECT FROM available_agents a WHERE a.host_id = $1 AND a.name = head.agent AND a.state = 'ready')
  AND NOT is_worked_on(s.id)
  AND NOT EXISTS (SELECT FROM takeover_failures f
                  WHERE f.session_id = s.id AND f.host_id = $1 AND f.failed_at > now() - make_interval(secs => $4))
ORDER BY head.priority DESC, md5(s.id::text || $1::text)
LIMIT $3;

-- name: lock_binding
-- The session's host, which nobody moves and no claim passes by until the transaction ends: claim_tasks waits for this
-- lock, and this one waits for a claim.
SELECT s.host_id, s.project_id, s.title, h.name AS host_name, is_alive(h) AS alive,
       coalesce(h.stopped_at, h.lease_until) AS seen_until
FROM sessions s LEFT JOIN hosts h ON h.id = s.host_id
WHERE s.id = $1
FOR UPDATE OF s;

-- name: hold_session
-- The reverse of lock_binding: session $1 stays on its host until the transaction ends, and a move that is under way is
-- waited for.
SELECT host_id FROM sessions WHERE id = $1 FOR SHARE;

-- name: move_session
-- Session $1 goes from host $2 to host $3, which has to run as instance $4. Call it under lock_binding: a claim that was
-- quicker is seen here, one that comes later finds the session elsewhere. Unless $5 says that a person asks, the other
-- host has to be drained, or dead for $6 seconds (0: never enough). While an apply is half written, its host alone can end
-- it; what works in the worktree on a host that runs ends first. Its worktree is made again by the next turn; the
-- conversations that agents had stored over there are none any more, so that those here are told what was said.
WITH moved AS (
    UPDATE sessions s SET host_id = $3
    FROM hosts gone, hosts mine
    WHERE s.id = $1 AND s.host_id = $2 AND gone.id = $2 AND mine.id = $3 AND mine.instance_id = $4
      AND mine.stopped_at IS NULL
      AND s.state = 'open'
      AND NOT is_worked_on(s.id)
      AND ($5 OR gone.drained_at IS NOT NULL
           OR $6::float8 > 0 AND coalesce(gone.stopped_at, gone.lease_until) < now() - make_interval(secs => $6))
    RETURNING s.id
), worktree AS (
    UPDATE session_worktrees w
    SET state = 'gone', removed_at = now(), removed_why = 'the session goes on on another host', size_bytes = NULL,
        measured_at = NULL, busy_instance = NULL, busy_why = '', rewind_to = NULL
    FROM moved WHERE w.session_id = moved.id
), conversations AS (
    DELETE FROM agent_sessions a USING chats c, moved WHERE c.session_id = moved.id AND a.chat_id = c.id
), updates AS (
    DELETE FROM worktree_updates u USING moved WHERE u.session_id = moved.id
), failures AS (
    DELETE FROM takeover_failures f USING moved WHERE f.session_id = moved.id
)
SELECT true AS done FROM moved;

-- name: put_failure
-- Why host $2 could not go on with session $1.
INSERT INTO takeover_failures (session_id, host_id, text, cure) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, host_id) DO UPDATE
    SET text = excluded.text, cure = excluded.cure, failed_at = now()
RETURNING true AS done;

-- name: notify_session
-- Wakes the claiming hosts: the session has another host now.
SELECT pg_notify('boocoder_tasks', 'ready:' || $1) IS NOT NULL AS done;

-- Hosts: one data directory each; a new start has a new instance.

-- name: register_host
-- A start of a host: it owns its data directory from now on, replacing any earlier instance.
INSERT INTO hosts (id, instance_id, name, pid, lease_until)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
ON CONFLICT (id) DO UPDATE
    SET instance_id = excluded.instance_id, name = excluded.name, pid = excluded.pid,
        lease_until = excluded.lease_until, started_at = now(), stopped_at = NULL
RETURNING true AS done;

-- name: renew_leases
-- Renews the host and all live attempts of this instance, and returns the attempts; one row with
-- nulls where there are none; no row where the host belongs to another instance.
WITH host AS (
    UPDATE hosts SET lease_until = now() + make_interval(secs => $3)
    WHERE id = $1 AND instance_id = $2 AND stopped_at IS NULL
    RETURNING id
), live AS (
    UPDATE attempts a SET lease_until = now() + make_interval(secs => $3)
    FROM host
    WHERE a.instance_id = $2 AND a.ended_at IS NULL
    RETURNING a.task_id, a.epoch
)
SELECT live.task_id, live.epoch FROM host LEFT JOIN live ON true;

-- name: stop_host
-- An orderly end: the lease is over at once.
UPDATE hosts SET stopped_at = now(), lease_until = now()
WHERE id = $1 AND instance_id = $2 AND stopped_at IS NULL
RETURNING true AS done;

-- name: get_hosts
-- All hosts, those that hold their lease first, with their work and the agents that are ready on them.
SELECT h.id, h.name, h.stopped_at IS NULL AND h.lease_until > now() AS alive, h.started_at,
       CASE WHEN h.stopped_at IS NOT NULL THEN h.stopped_at WHEN h.lease_until <= now() THEN h.lease_until END AS gone_at,
       (SELECT count(*) FROM sessions s WHERE s.host_id = h.id AND s.state = 'open') AS sessions,
       (SELECT count(*) FROM attempts a WHERE a.host_id = h.id AND a.ended_at IS NULL) AS running_tasks,
       (SELECT count(*) FROM tasks t JOIN sessions s ON s.id = t.session_id
        WHERE t.state = 'pending' AND s.host_id = h.id) AS pending_tasks,
       ARRAY(SELECT a.name FROM available_agents a
             WHERE a.host_id = h.id AND a.state = 'ready' ORDER BY a.name) AS agents
FROM hosts h ORDER BY alive DESC, h.started_at, h.id;

-- name: get_session_host
-- The host that has a session's files; no row where none has.
SELECT h.name, h.stopped_at IS NULL AND h.lease_until > now() AS alive
FROM sessions s JOIN hosts h ON h.id = s.host_id WHERE s.id = $1;

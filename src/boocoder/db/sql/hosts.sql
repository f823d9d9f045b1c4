-- Hosts: one data directory each; a new start has a new instance.

-- name: register_host
-- A start of a host: it owns the id from now on, replacing an instance that has ended or is of the same machine and data
-- directory ($6), which the directory's lock proves to have ended. No row while another one holds its lease.
INSERT INTO hosts (id, instance_id, name, pid, lease_until, identity, preference, max_turns)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6, $7, $8)
ON CONFLICT (id) DO UPDATE
    SET instance_id = excluded.instance_id, name = excluded.name, pid = excluded.pid, identity = excluded.identity,
        preference = excluded.preference, max_turns = excluded.max_turns, lease_until = excluded.lease_until, started_at = now(), stopped_at = NULL, removed_at = NULL
    WHERE NOT is_alive(hosts) OR hosts.identity = excluded.identity
RETURNING true AS done;

-- name: get_holder
-- Who runs as a host.
SELECT name, pid, started_at, lease_until FROM hosts WHERE id = $1;

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
-- All hosts that were not removed, those that hold their lease first, with their work, and the projects and agents that
-- are ready on them.
SELECT h.id, h.name, is_alive(h) AS alive, h.preference, h.max_turns, h.drained_at, h.started_at,
       CASE WHEN NOT is_alive(h) THEN coalesce(h.stopped_at, h.lease_until) END AS gone_at,
       (SELECT count(*) FROM sessions s WHERE s.host_id = h.id AND s.state = 'open') AS sessions,
       (SELECT count(*) FROM attempts a WHERE a.host_id = h.id AND a.ended_at IS NULL) AS running_tasks,
       (SELECT count(*) FROM tasks t JOIN sessions s ON s.id = t.session_id
        WHERE t.state = 'pending' AND s.host_id = h.id) AS pending_tasks,
       ARRAY(SELECT a.name FROM available_agents a
             WHERE a.host_id = h.id AND a.state = 'ready' ORDER BY a.name) AS agents,
       ARRAY(SELECT p.name FROM host_projects f JOIN projects p ON p.id = f.project_id AND p.archived_at IS NULL
             WHERE f.host_id = h.id AND f.state = 'ready' ORDER BY p.name) AS projects
FROM hosts h WHERE h.removed_at IS NULL ORDER BY alive DESC, h.started_at, h.id;

-- name: drain_host
-- Whether a host takes no new session ($2) or takes them again.
UPDATE hosts SET drained_at = CASE WHEN $2 THEN coalesce(drained_at, now()) END WHERE id = $1 AND removed_at IS NULL
RETURNING true AS done;

-- name: remove_host
-- A host that does not run is not expected back.
UPDATE hosts SET removed_at = now(), drained_at = NULL
WHERE id = $1 AND NOT is_alive(hosts)
RETURNING true AS done;

-- name: get_session_host
-- The host that has a session's files; no row where none has.
SELECT h.name, is_alive(h) AS alive
FROM sessions s JOIN hosts h ON h.id = s.host_id WHERE s.id = $1;

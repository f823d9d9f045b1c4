-- Hosts: one data directory each; a new start has a new instance.

-- name: register_host
-- A start of a host: it owns its data directory from now on, whatever an earlier instance left.
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
-- All hosts, and whether each holds its lease.
SELECT id, instance_id, name, pid, started_at, lease_until, stopped_at,
       stopped_at IS NULL AND lease_until > now() AS alive
FROM hosts ORDER BY started_at, id;

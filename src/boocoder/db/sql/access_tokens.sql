-- Access tokens of a host.

-- name: list_tokens
-- Those of a host, the newest first.
SELECT t.id, t.name, t.scope, t.project_id, t.created_at, t.used_at, t.ends_at, t.token_hash
FROM access_tokens t
WHERE t.host_id = $1
ORDER BY t.created_at DESC, t.id;

-- name: insert_token
-- Adds one that is good for so many days, or for ever; no row if another one of the host has its name.
INSERT INTO access_tokens (id, host_id, name, scope, project_id, token_hash, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => 24 * $7))
ON CONFLICT (host_id, name) DO NOTHING
RETURNING id, name, scope, project_id, created_at, used_at, ends_at, token_hash;

-- name: touch_token
-- Notes that it was used just now.
UPDATE access_tokens SET used_at = now() WHERE id = $1 RETURNING true AS done;

-- name: delete_token
-- Revokes it.
DELETE FROM access_tokens WHERE id = $1 RETURNING true AS done;

-- name: delete_ended
-- Forgets those of a host whose time is over.
DELETE FROM access_tokens WHERE host_id = $1 AND ends_at <= now() RETURNING true AS done;

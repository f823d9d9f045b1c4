-- Browsers that are signed in at a host.

-- name: list_browsers
-- Those of a host whose time is not over, the newest first.
SELECT b.id, b.user_agent, b.peer, b.created_at, b.seen_at, b.ends_at, b.cookie_hash
FROM browser_sessions b
WHERE b.host_id = $1 AND b.ends_at > now()
ORDER BY b.created_at DESC, b.id;

-- name: insert_browser
-- Adds one that is signed in for so many seconds.
INSERT INTO browser_sessions (id, host_id, cookie_hash, user_agent, peer, ends_at)
VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
RETURNING id, user_agent, peer, created_at, seen_at, ends_at, cookie_hash;

-- name: touch_browser
-- Notes that it was used just now.
UPDATE browser_sessions SET seen_at = now() WHERE id = $1 RETURNING true AS done;

-- name: delete_browser
-- Signs it out.
DELETE FROM browser_sessions WHERE id = $1 RETURNING true AS done;

-- name: delete_ended
-- Forgets those of a host whose time is over.
DELETE FROM browser_sessions WHERE host_id = $1 AND ends_at <= now() RETURNING true AS done;

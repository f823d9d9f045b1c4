-- Webhooks, and the outbox of what they are told; a trigger fills it, see 0024_webhooks.sql.

-- name: list_webhooks
-- One or all ($1), the newest first, each with its newest ended delivery and how many wait.
SELECT w.id, w.url, w.events, w.project_id, w.enabled, w.created_at,
       (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting')::int AS waiting,
       l.state AS last_state, l.at AS last_at, coalesce(l.error, '') AS last_error
FROM webhooks w
LEFT JOIN LATERAL (
    SELECT d.state, coalesce(d.ended_at, d.created_at) AS at, d.error FROM webhook_deliveries d
    WHERE d.webhook_id = w.id AND d.tries > 0 ORDER BY d.ord DESC LIMIT 1) l ON true
WHERE $1::uuid IS NULL OR w.id = $1
ORDER BY w.created_at DESC, w.id;

-- name: insert_webhook
-- Adds one, if there are fewer than $6.
INSERT INTO webhooks (id, url, secret, events, project_id)
SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM webhooks) < $6
RETURNING true AS done;

-- name: update_webhook
-- Changes what is given: URL, events, whether it is on. It waits for claims of its deliveries to commit.
UPDATE webhooks SET url = coalesce($2, url), events = coalesce($3, events), enabled = coalesce($4, enabled)
WHERE id = $1
RETURNING true AS done;

-- name: cancel_waiting
-- What waits for a webhook that is off is not sent; leases stay until whoever sends has stopped.
WITH cancelled AS (
    UPDATE webhook_deliveries SET state = 'cancelled', ended_at = now()
    WHERE webhook_id = $1 AND state = 'waiting'
    RETURNING 1
)
SELECT true AS done FROM pg_notify('boocoder_webhooks', 'stop:' || $1::uuid), (SELECT count(*) FROM cancelled) c;

-- name: any_leased
-- Whether some host may be sending for a webhook.
SELECT true AS done FROM webhook_deliveries WHERE webhook_id = $1 AND lease_until > now() LIMIT 1;

-- name: delete_webhook
-- Forgets it and its deliveries.
DELETE FROM webhooks WHERE id = $1 RETURNING true AS done;

-- name: list_deliveries
-- A page of a webhook's deliveries, newest first: before delivery $2, at most $3.
SELECT d.id, d.message_id, d.event, d.session_id, d.state, d.tries, d.created_at,
       CASE WHEN d.state = 'waiting' THEN d.next_try_at END AS next_try_at, d.ended_at, d.status_code, d.error
FROM webhook_deliveries d
WHERE d.webhook_id = $1
  AND ($2::uuid IS NULL OR d.ord < (SELECT b.ord FROM webhook_deliveries b WHERE b.id = $2))
ORDER BY d.ord DESC
LIMIT $3;

-- name: insert_test
-- A delivery that tells of nothing, for a webhook that is on.
INSERT INTO webhook_deliveries (webhook_id, event, data)
SELECT w.id, 'webhook.test', $2 FROM webhooks w WHERE w.id = $1 AND w.enabled FOR KEY SHARE OF w
RETURNING id, message_id, event, session_id, state, tries, created_at, next_try_at, ended_at, status_code, error;

-- name: insert_resend
-- An ended delivery once more, behind what waits: the same message, for a webhook that is on.
INSERT INTO webhook_deliveries (webhook_id, session_id, message_id, event, data, happened_at)
SELECT d.webhook_id, d.session_id, d.message_id, d.event, d.data, d.happened_at
FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
WHERE d.webhook_id = $1 AND d.id = $2 AND d.state <> 'waiting' AND w.enabled FOR KEY SHARE OF w
RETURNING id, message_id, event, session_id, state, tries, created_at, next_try_at, ended_at, status_code, error;

-- name: wake
-- Tells every host that something can be sent.
SELECT true AS done FROM pg_notify('boocoder_webhooks', 'ready');

-- name: claim_deliveries
-- Takes at most $3 deliveries for host $1 and its instance $2 until $4 seconds from now, and at most $5 of a webhook are sent at once: the
-- first that waits for each webhook and session, if it is due and nobody sends it. The share lock makes a webhook that
-- is being turned off either see the lease or refuse it. What a dead instance of this host had is free at once.
WITH heads AS (
    SELECT DISTINCT ON (d.webhook_id, d.session_id) d.id, d.ord, d.webhook_id, d.next_try_at, d.lease_until,
           d.lease_host, d.lease_instance
    FROM webhook_deliveries d WHERE d.state = 'waiting'
    ORDER BY d.webhook_id, d.session_id, d.ord
), due AS (
    SELECT h.id, row_number() OVER (PARTITION BY h.webhook_id ORDER BY h.next_try_at, h.ord) + (
        SELECT count(*) FROM webhook_deliveries l WHERE l.webhook_id = h.webhook_id AND l.lease_until > now()) AS place
    FROM heads h
    WHERE h.next_try_at <= now()
      AND (h.lease_until IS NULL OR h.lease_until < now() OR (h.lease_host = $1 AND h.lease_instance <> $2))
), chosen AS (
    SELECT d.id
    FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
    WHERE d.id IN (SELECT due.id FROM due WHERE due.place <= $5) AND d.state = 'waiting' AND w.enabled
      AND d.next_try_at <= now()
      AND (d.lease_until IS NULL OR d.lease_until < now() OR (d.lease_host = $1 AND d.lease_instance <> $2))
    ORDER BY d.next_try_at, d.ord
    LIMIT $3
    FOR UPDATE OF d SKIP LOCKED
    FOR SHARE OF w SKIP LOCKED
)
UPDATE webhook_deliveries d
SET lease_host = $1, lease_instance = $2, lease_until = now() + make_interval(secs => $4), tries = d.tries + 1
FROM chosen, webhooks w
WHERE d.id = chosen.id AND w.id = d.webhook_id
RETURNING d.id, d.webhook_id, d.message_id, d.event, d.data, d.tries, d.happened_at, w.url, w.secret;

-- name: end_delivered
-- The receiver took it.
UPDATE webhook_deliveries
SET state = 'delivered', ended_at = now(), status_code = $3, error = '',
    lease_host = NULL, lease_instance = NULL, lease_until = NULL
WHERE id = $1 AND lease_instance = $2
RETURNING true AS done;

-- name: put_back
-- A try that failed ($4, $5), or was cut short: the next one is in $3 seconds, unless the delivery was cancelled
-- meanwhile, or is older by then than $6 seconds, when it is given up.
UPDATE webhook_deliveries
SET state = CASE WHEN state = 'waiting' AND now() + make_interval(secs => $3) > created_at + make_interval(secs => $6)
                 THEN 'failed' ELSE state END,
    ended_at = CASE WHEN state = 'waiting' AND now() + make_interval(secs => $3) > created_at + make_interval(secs => $6)
                    THEN now() ELSE ended_at END,
    next_try_at = now() + make_interval(secs => $3), status_code = $4, error = $5,
    lease_host = NULL, lease_instance = NULL, lease_until = NULL
WHERE id = $1 AND lease_instance = $2
RETURNING state;

-- name: delete_old
-- Forgets deliveries that ended over $1 seconds ago, those of each webhook before its newest $2, and what was queued
-- for a webhook while it was being turned off.
WITH kept AS MATERIALIZED (
    SELECT w.id, w.enabled, (
        SELECT n.ord FROM webhook_deliveries n WHERE n.webhook_id = w.id ORDER BY n.ord DESC OFFSET $2 LIMIT 1) AS newest_old
    FROM webhooks w
)
DELETE FROM webhook_deliveries d
USING kept
WHERE kept.id = d.webhook_id AND d.lease_until IS NULL
  AND (d.ended_at < now() - make_interval(secs => $1)
       OR (d.state = 'waiting' AND NOT kept.enabled)
       OR (d.state <> 'waiting' AND d.ord <= kept.newest_old))
RETURNING true AS done;

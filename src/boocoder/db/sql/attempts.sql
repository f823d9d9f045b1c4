-- Attempts: who runs a task, under which lease. Every write of a turn is guarded by one of these rows.

-- name: hold_attempt
-- Locks a live attempt of this instance against being taken over until the transaction ends.
SELECT true AS done FROM attempts
WHERE task_id = $1 AND epoch = $2 AND instance_id = $3 AND ended_at IS NULL
FOR SHARE;

-- name: mark_prompt_sent
-- From here on the prompt is never sent again. It says whether a message for the turn waits already.
UPDATE attempts SET prompt_sent_at = coalesce(prompt_sent_at, now())
WHERE task_id = $1 AND epoch = $2 AND instance_id = $3 AND ended_at IS NULL
RETURNING EXISTS (SELECT FROM steers s WHERE s.task_id = $1 AND s.state = 'reserved') AS steers_wait;

-- name: end_attempt
-- The end of an attempt, once, with how many batches its session has: those of the attempt may have been lost.
UPDATE attempts SET ended_at = now(), outcome = $4
WHERE task_id = $1 AND epoch = $2 AND instance_id = $3 AND ended_at IS NULL
RETURNING (SELECT e.batches FROM tasks t JOIN event_streams e ON e.session_id = t.session_id WHERE t.id = $1) AS batches;

-- name: list_lost_attempts
-- Live attempts whose process is gone: of another instance of host $1, or of any host once the lease
-- has been over for $3 seconds.
SELECT a.task_id, a.epoch, a.host_id, a.instance_id, a.started_at, a.lease_until, a.prompt_sent_at, t.session_id
FROM attempts a
JOIN tasks t ON t.id = a.task_id
WHERE a.ended_at IS NULL AND a.instance_id <> $2
  AND (a.host_id = $1 OR a.lease_until < now() - make_interval(secs => $3))
ORDER BY a.started_at, a.task_id;

-- name: take_over_attempt
-- The recovering host becomes the owner of a lost attempt, which keeps its epoch.
UPDATE attempts SET host_id = $3, instance_id = $4, lease_until = now() + make_interval(secs => $5)
WHERE task_id = $1 AND epoch = $2 AND ended_at IS NULL AND instance_id <> $4
  AND (host_id = $3 OR lease_until < now())
RETURNING true AS done;

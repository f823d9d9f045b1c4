-- Messages for a turn that runs. The state transitions are in 0021_steering.sql.

-- name: hold_turn
-- The turn that runs in session $1, which cannot end before the transaction does.
SELECT t.id AS task_id, t.agent
FROM tasks t
JOIN attempts a ON a.task_id = t.id AND a.epoch = t.epoch
WHERE t.session_id = $1 AND t.state = 'running' AND a.ended_at IS NULL
FOR SHARE OF a;

-- name: newest_task
-- The newest task of session $1, whose agent and options a message takes over where nothing runs.
SELECT id AS task_id, agent FROM tasks WHERE session_id = $1 ORDER BY ord DESC LIMIT 1;

-- name: insert_steer
-- A new message for the turn of task $3; no row where the idempotency key is taken.
INSERT INTO steers (id, session_id, task_id, prompt, sent_by, idempotency_key)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
          ended_at;

-- name: get_steer
-- One message, whole.
SELECT id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
       ended_at
FROM steers WHERE id = $1;

-- name: find_by_idempotency_key
-- The message that was sent with this key.
SELECT id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
       ended_at
FROM steers WHERE idempotency_key = $1;

-- name: list_steers
-- A page of the messages of session $1, newest first, in one state or any ($2), before message $4.
SELECT id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
       ended_at
FROM steers
WHERE session_id = $1
  AND ($2::steer_state IS NULL OR state = $2)
  AND ($4::uuid IS NULL OR ord < (SELECT b.ord FROM steers b WHERE b.id = $4))
ORDER BY ord DESC
LIMIT $3;

-- name: next_reserved
-- The oldest message that waits for the turn of task $1.
SELECT id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
       ended_at
FROM steers WHERE task_id = $1 AND state = 'reserved' ORDER BY ord LIMIT 1;

-- name: deliver_steer
-- reserved -> delivered, at a place in the conversation.
UPDATE steers SET state = 'delivered', message_id = $2, part = $3, delivered_at = now()
WHERE id = $1 AND state = 'reserved'
RETURNING id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
          ended_at;

-- name: end_steer
-- delivered -> confirmed or unconfirmed ($2), reserved -> withdrawn; once.
UPDATE steers SET state = $2, ended_at = now()
WHERE id = $1
  AND state = CASE $2::steer_state WHEN 'withdrawn' THEN 'reserved' ELSE 'delivered' END::steer_state
  AND $2::steer_state IN ('confirmed', 'unconfirmed', 'withdrawn')
RETURNING id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
          ended_at;

-- name: return_steer
-- reserved or delivered -> returned, with task $2 for it: like the one whose turn it was for, before all others that
-- wait, behind those that this turn gave back before.
WITH sent AS MATERIALIZED (
    SELECT s.id, s.prompt, s.task_id FROM steers s
    WHERE s.id = $1 AND s.state IN ('reserved', 'delivered')
    FOR UPDATE
), given_back AS (
    SELECT q.id, q.place FROM steers s JOIN tasks q ON q.id = s.queued_task_id
    WHERE s.task_id = (SELECT task_id FROM sent)
), queued AS (
    INSERT INTO tasks (id, project_id, session_id, chat_id, prompt, agent, model, mode, thinking, priority, place)
    SELECT $2, t.project_id, t.session_id, t.chat_id, sent.prompt, t.agent, t.model, t.mode, t.thinking, t.priority,
           coalesce((SELECT max(g.place) + 1 FROM given_back g),
                    (SELECT min(w.place) - 1000000 FROM tasks w
                     WHERE w.session_id = t.session_id AND w.state::text = 'pending'),
                    nextval(pg_get_serial_sequence('tasks', 'place')))
    FROM sent JOIN tasks t ON t.id = sent.task_id
    RETURNING id
)
UPDATE steers s SET state = 'returned', queued_task_id = queued.id, ended_at = now()
FROM queued
WHERE s.id = $1
RETURNING s.id, s.session_id, s.task_id, s.prompt, s.sent_by, s.state, s.message_id, s.part, s.queued_task_id,
          s.created_at, s.delivered_at, s.ended_at;

-- name: lock_open
-- What the turn of task $1 leaves behind: messages that wait for it or that the agent did not confirm, oldest first.
SELECT id, session_id, task_id, prompt, sent_by, state, message_id, part, queued_task_id, created_at, delivered_at,
       ended_at
FROM steers WHERE task_id = $1 AND state IN ('reserved', 'delivered') ORDER BY ord
FOR UPDATE;

-- name: put_before_returned
-- A task that goes back into the queue runs before the messages that were meant for its turn.
UPDATE tasks SET place = (SELECT min(q.place) - 1 FROM steers s JOIN tasks q ON q.id = s.queued_task_id
                          WHERE s.task_id = $1)
WHERE id = $1 AND EXISTS (SELECT FROM steers s WHERE s.task_id = $1 AND s.queued_task_id IS NOT NULL)
RETURNING true AS done;

-- Tasks: the queue. The state transitions are in 0001_init.sql.

-- name: insert_task
-- A new pending task; no row where the idempotency key is taken.
INSERT INTO tasks (id, project_id, session_id, chat_id, prompt, agent, model, mode, thinking, priority,
                   idempotency_key, request_hash, origin, origin_name, parent_task_id, root_task_id, depth)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING ord;

-- name: find_by_idempotency_key
-- The task that was made with this key.
SELECT id, session_id, chat_id, request_hash FROM tasks WHERE idempotency_key = $1;

-- name: claim_tasks
-- Takes the head task of up to $3 sessions that run nothing, have an unlocked worktree, and belong to host $1 or may be
-- placed there. `heads` jumps from session to session in the index of pending tasks, one entry of each, so the cost does
-- not depend on the length of a session's queue; everything else is looked up for the first heads only, in order. The
-- locked row is checked again, which drops a task that another claimer took or a person moved in the meantime;
-- tasks_one_running_per_session rejects the remaining races. The cast of `state` keeps the planner from walking the
-- index of pending tasks where it has the task's id: a plan made while the queue is short lives on when it is long.
--
-- Placement: a session without files anywhere goes to a host that has its project and its agent, first to the one that
-- looked up its start. A host that lacks one of both takes it only where no other host could, running or not: to refuse
-- it, if no other host runs, or with another agent, if $5 says that it has a substitute. A drained host leaves its own
-- sessions to a host that can go on with them. placement.waiting explains the same rules to people.
--
-- Of tasks of one priority, those of the project with the fewest running tasks go first, on all hosts together: a project
-- that queues many sessions does not keep the others waiting.
--
-- A new session is left to a host with a higher preference that can run it and has room for a turn. Nobody waits for one
-- that is full or gone.
--
-- A session that goes from one host to another meanwhile (lock_binding) is skipped. Ordinary updates of its row do not matter
-- to the lock; so that it does not hide a move that was quicker, session_host looks again once the row is locked.
WITH RECURSIVE living AS MATERIALIZED (
    SELECT h.id, h.drained_at IS NULL AS open FROM hosts h WHERE is_alive(h)
), heads AS (
    (SELECT t.session_id, t.place, t.id, t.ord, t.priority, t.project_id, t.agent FROM tasks t
     WHERE t.state = 'pending' ORDER BY t.session_id, t.place LIMIT 1)
    UNION ALL
    SELECT next.* FROM heads h
    CROSS JOIN LATERAL (
        SELECT t.session_id, t.place, t.id, t.ord, t.priority, t.project_id, t.agent FROM tasks t
        WHERE t.state = 'pending' AND t.session_id > h.session_id
        ORDER BY t.session_id, t.place LIMIT 1
    ) next
), busy AS MATERIALIZED (
    SELECT r.session_id, r.project_id FROM tasks r WHERE r.state = 'running'
), shares AS MATERIALIZED (
    SELECT b.project_id, count(*) AS running FROM busy b GROUP BY b.project_id
), preferred AS MATERIALIZED (
    SELECT o.id FROM hosts o JOIN living l ON l.id = o.id AND l.open
    WHERE o.preference > (SELECT me.preference FROM hosts me WHERE me.id = $1)
      AND o.max_turns > (SELECT count(*) FROM attempts a WHERE a.instance_id = o.instance_id AND a.ended_at IS NULL)
), ready_projects AS MATERIALIZED (
    SELECT p.project_id FROM host_projects p WHERE p.host_id = $1 AND p.state = 'ready'
), placeable AS (
    SELECT h.id, h.place, h.priority, h.running, h.ord,
           (SELECT s.host_id FROM sessions s WHERE s.id = h.session_id) AS host_id
    FROM (
        SELECT h.*, coalesce(m.running, 0) AS running FROM heads h LEFT JOIN shares m ON m.project_id = h.project_id
        ORDER BY h.priority DESC, running, h.ord OFFSET 0) h
    WHERE h.session_id NOT IN (SELECT b.session_id FROM busy b)
      AND NOT EXISTS (
          SELECT FROM session_worktrees w
          WHERE w.session_id = h.session_id AND (w.busy_instance = $2 OR w.rewind_to IS NOT NULL) OFFSET 0)
      AND (
          SELECT CASE
              WHEN s.host_id = $1 AND $1 IN (SELECT l.id FROM living l WHERE NOT l.open) THEN NOT EXISTS (
                  SELECT FROM living l
                  JOIN host_projects p ON p.host_id = l.id AND p.project_id = h.project_id AND p.state = 'ready'
                  JOIN available_agents a ON a.host_id = l.id AND a.name = h.agent AND a.state = 'ready'
                  WHERE l.open AND movable_snapshot(s.id) AND NOT EXISTS (
                      SELECT FROM takeover_failures f WHERE f.session_id = s.id AND f.host_id = l.id) OFFSET 0)
              WHEN s.host_id = $1 THEN true
              WHEN s.host_id IS NOT NULL AND (
                  s.host_id IN (SELECT l.id FROM living l)
                  OR EXISTS (SELECT FROM session_worktrees w WHERE w.session_id = s.id OFFSET 0)) THEN false
              WHEN $1 IN (SELECT l.id FROM living l WHERE NOT l.open) THEN false
              WHEN s.start_host_id <> $1 AND s.start_host_id IN (SELECT l.id FROM living l WHERE l.open)
                   AND EXISTS (
                       SELECT FROM host_projects p
                       JOIN available_agents a ON a.host_id = p.host_id AND a.name = h.agent AND a.state = 'ready'
                       WHERE p.host_id = s.start_host_id AND p.project_id = h.project_id AND p.state = 'ready' OFFSET 0)
                  THEN false
              WHEN s.start_host_id IS DISTINCT FROM $1 AND EXISTS (
                  SELECT FROM preferred f
                  JOIN host_projects p ON p.host_id = f.id AND p.project_id = h.project_id AND p.state = 'ready'
                  JOIN available_agents a ON a.host_id = f.id AND a.name = h.agent AND a.state = 'ready' OFFSET 0)
                  THEN false
              WHEN h.project_id IN (SELECT r.project_id FROM ready_projects r)
                   AND h.agent IN (SELECT a.name FROM available_agents a WHERE a.host_id = $1 AND a.state = 'ready')
                  THEN true
              ELSE (NOT EXISTS (SELECT FROM living l WHERE l.id <> $1)
                    OR $5 AND h.project_id IN (SELECT r.project_id FROM ready_projects r))
                   AND NOT EXISTS (
                       SELECT FROM host_projects p
                       JOIN available_agents a ON a.host_id = p.host_id AND a.name = h.agent AND a.state = 'ready'
                       JOIN hosts o ON o.id = p.host_id AND o.removed_at IS NULL
                       WHERE p.project_id = h.project_id AND p.state = 'ready' AND p.host_id <> $1 OFFSET 0)
              END
          FROM sessions s WHERE s.id = h.session_id)
    ORDER BY h.priority DESC, h.running, h.ord OFFSET 0
), chosen AS (
    SELECT t.id, s.id AS session_id, h.host_id -- as it was judged: that of a row which has just changed is the new one
    FROM placeable h
    JOIN tasks t ON t.id = h.id
    JOIN sessions s ON s.id = t.session_id
    WHERE t.state::text = 'pending' AND t.place = h.place
    ORDER BY h.priority DESC, h.running, h.ord
    LIMIT $3
    FOR UPDATE OF t SKIP LOCKED
    FOR KEY SHARE OF s SKIP LOCKED
), claimed AS (
    UPDATE tasks t SET state = 'running', epoch = t.epoch + 1, started_at = now()
    FROM chosen c
    WHERE t.id = c.id AND c.host_id IS NOT DISTINCT FROM session_host(c.session_id)
    RETURNING t.*
), bound AS (
    UPDATE sessions s SET host_id = $1
    FROM claimed c
    WHERE s.id = c.session_id AND s.host_id IS DISTINCT FROM $1
), attempt AS (
    INSERT INTO attempts (task_id, epoch, host_id, instance_id, lease_until)
    SELECT c.id, c.epoch, $1, $2, now() + make_interval(secs => $4) FROM claimed c
)
SELECT c.id, c.ord, c.project_id, c.session_id, c.chat_id, c.prompt, c.agent, c.model, c.mode, c.thinking,
       c.priority, c.epoch, c.cancel_requested_at, c.created_at,
       NULL::timestamptz AS prompt_sent_at,
       coalesce((SELECT p.redact FROM project_settings p WHERE p.project_id = c.project_id), true) AS redact, x.*
FROM claimed c
CROSS JOIN LATERAL task_context(c.id, c.project_id, c.session_id, c.chat_id, c.agent) x
ORDER BY c.priority DESC, c.ord;

-- name: get_running_task
-- The row that claim_tasks returns, for a task that runs now; for the host that takes it over.
SELECT c.id, c.ord, c.project_id, c.session_id, c.chat_id, c.prompt, c.agent, c.model, c.mode, c.thinking,
       c.priority, c.epoch, c.cancel_requested_at, c.created_at,
       t.prompt_sent_at,
       coalesce((SELECT p.redact FROM project_settings p WHERE p.project_id = c.project_id), true) AS redact, x.*
FROM tasks c
JOIN attempts t ON t.task_id = c.id AND t.epoch = c.epoch
CROSS JOIN LATERAL task_context(c.id, c.project_id, c.session_id, c.chat_id, c.agent) x
WHERE c.id = $1 AND c.state = 'running';

-- name: request_cancel
-- A waiting task ends at once, a running one is asked to; a final one gives no row.
UPDATE tasks
SET state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END,
    ended_at = CASE state WHEN 'pending' THEN now() END,
    cancel_requested_at = coalesce(cancel_requested_at, now())
WHERE id = $1 AND state IN ('pending', 'running')
RETURNING state;

-- name: edit_task
-- Other words for a task that no agent has seen: it waits, and never began. A claim that is under way is waited for.
UPDATE tasks SET prompt = $2 WHERE id = $1 AND state = 'pending' AND epoch = 0
RETURNING session_id;

-- name: move_task
-- Puts a waiting task before another one of its session ($2), or last (null): the tasks of the session that wait and
-- never began swap their places among themselves, so that one which was given back stays first. All are locked, in the
-- order of their ids; what a claim took meanwhile is not among them. Places are compared as they were locked: `t` is
-- read as it was before that. No row where one of both does not wait.
WITH waiting AS MATERIALIZED (
    SELECT t.id, t.place, t.session_id FROM tasks t
    WHERE t.session_id = (SELECT m.session_id FROM tasks m WHERE m.id = $1) AND t.state = 'pending' AND t.epoch = 0
    ORDER BY t.id
    FOR UPDATE
), allowed AS (
    SELECT w.session_id FROM waiting w
    WHERE w.id = $1 AND ($2::uuid IS NULL OR EXISTS (SELECT FROM waiting b WHERE b.id = $2))
), places AS (
    SELECT w.place, row_number() OVER (ORDER BY w.place) AS number FROM waiting w
), wanted AS (
    SELECT w.id, w.place, row_number() OVER (
        ORDER BY CASE WHEN w.id = $1
                      THEN coalesce((SELECT b.place FROM waiting b WHERE b.id = $2), 9223372036854775807)
                      ELSE w.place END,
                 w.id <> $1) AS number
    FROM waiting w
), moved AS (
    UPDATE tasks t SET place = p.place
    FROM wanted w JOIN places p ON p.number = w.number
    WHERE t.id = w.id AND w.place <> p.place AND EXISTS (SELECT FROM allowed)
)
SELECT session_id FROM allowed;

-- name: get_task_state
-- The state of a task.
SELECT state FROM tasks WHERE id = $1;

-- name: finish_task
-- running -> a final state, for the newest attempt only.
UPDATE tasks
SET state = $3, ended_at = now(), error_code = $4, error_text = $5, error_cure = $6, summary = $7, usage = $8
WHERE id = $1 AND epoch = $2 AND state = 'running'
RETURNING true AS done;

-- name: requeue_task
-- running -> pending, only while the prompt of its newest attempt was never sent.
UPDATE tasks t
SET state = 'pending', started_at = NULL
WHERE t.id = $1 AND t.epoch = $2 AND t.state = 'running'
  AND EXISTS (SELECT FROM attempts a WHERE a.task_id = t.id AND a.epoch = t.epoch AND a.prompt_sent_at IS NULL)
RETURNING true AS done;

-- name: get_task
-- One task, whole.
SELECT id, place, project_id, session_id, chat_id, prompt, char_length(prompt) AS prompt_chars, agent, model, mode,
       thinking, priority, state, epoch, cancel_requested_at, created_at, started_at, ended_at, error_code,
       error_text, error_cure, summary, origin, origin_name, parent_task_id, depth, usage,
       (SELECT count(*) FROM permission_requests r WHERE r.task_id = tasks.id AND r.state = 'asked') AS open_requests,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'media_type', a.media_type,
                                                     'size_bytes', a.size_bytes) ORDER BY a.place)
                 FROM attachments a WHERE a.task_id = tasks.id), '[]') AS attachments
FROM tasks WHERE id = $1;

-- name: list_tasks
-- A page of tasks, newest first: in some states or any ($1), of one session or all ($2), before task $4, of one project
-- or all ($6), for one agent or any ($7), created from $8 on and before $9, that wait for a person, do not, or either
-- ($10); the prompt is cut to $5 characters.
SELECT id, place, project_id, session_id, chat_id, left(prompt, $5) AS prompt, char_length(prompt) AS prompt_chars,
       agent, model, mode, thinking, priority, state, epoch, cancel_requested_at, created_at, started_at, ended_at,
       error_code, error_text, error_cure, summary, origin, origin_name, parent_task_id, depth, usage,
       (SELECT count(*) FROM permission_requests r WHERE r.task_id = tasks.id AND r.state = 'asked') AS open_requests,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'media_type', a.media_type,
                                                     'size_bytes', a.size_bytes) ORDER BY a.place)
                 FROM attachments a WHERE a.task_id = tasks.id), '[]') AS attachments
FROM tasks
WHERE ($1::text[] IS NULL OR state = ANY ($1::text[]::task_state[]))
  AND ($2::uuid IS NULL OR session_id = $2)
  AND ($6::uuid IS NULL OR project_id = $6)
  AND ($7::text IS NULL OR agent = $7)
  AND ($8::timestamptz IS NULL OR created_at >= $8)
  AND ($9::timestamptz IS NULL OR created_at < $9)
  AND ($4::uuid IS NULL OR ord < (SELECT b.ord FROM tasks b WHERE b.id = $4))
  AND ($10::boolean IS NULL
       OR $10 = EXISTS (SELECT FROM permission_requests r WHERE r.task_id = tasks.id AND r.state = 'asked'))
ORDER BY ord DESC
LIMIT $3;

-- name: count_tasks
-- How many tasks wait and run in all sessions.
SELECT (SELECT count(*) FROM tasks WHERE state = 'pending') AS pending,
       (SELECT count(*) FROM tasks WHERE state = 'running') AS running;

-- name: count_tasks_by_column
-- How many tasks of one project or all ($1) are pending, run, wait for a person, and have ended.
SELECT count(*) FILTER (WHERE t.state = 'pending') AS pending,
       count(*) FILTER (WHERE t.state = 'running' AND asked.task_id IS NULL) AS running,
       count(*) FILTER (WHERE t.state = 'running' AND asked.task_id IS NOT NULL) AS waiting,
       count(*) FILTER (WHERE t.state NOT IN ('pending', 'running')) AS ended
FROM tasks t
LEFT JOIN (SELECT DISTINCT r.task_id FROM permission_requests r WHERE r.state = 'asked') asked ON asked.task_id = t.id
WHERE $1::uuid IS NULL OR t.project_id = $1;

-- name: count_session_tasks
-- How many tasks of a session wait and run.
SELECT (SELECT count(*) FROM tasks WHERE session_id = $1 AND state = 'pending') AS pending,
       (SELECT count(*) FROM tasks WHERE session_id = $1 AND state = 'running') AS running;

-- name: list_cancelled
-- Tasks that instance $1 runs and that somebody asked to cancel.
SELECT t.id
FROM attempts a
JOIN tasks t ON t.id = a.task_id
WHERE a.instance_id = $1 AND a.ended_at IS NULL AND t.cancel_requested_at IS NOT NULL;

-- Hooks, and the tasks that they have started.

-- name: list_hooks
-- One or all ($1), by name, each with how many tasks it has started, and when the newest.
SELECT h.name, h.project_id, h.prompt, h.title, h.agent, h.model, h.mode, h.per_hour, h.enabled, h.created_at, s.tasks,
       s.last_task_at, h.conditions, h.secret
FROM hooks h
CROSS JOIN LATERAL (
    SELECT count(*)::int AS tasks, max(t.created_at) AS last_task_at
    FROM tasks t WHERE t.origin_name = h.name AND t.origin::text = 'hook') s
WHERE $1::text IS NULL OR h.name = $1
ORDER BY h.name;

-- name: insert_hook
-- Adds one, if there are fewer than $11; no row where its name is taken.
INSERT INTO hooks (name, project_id, prompt, title, agent, model, mode, conditions, per_hour, secret)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE (SELECT count(*) FROM hooks) < $11
ON CONFLICT (name) DO NOTHING
RETURNING true AS done;

-- name: enable_hook
-- Turns it on or off.
UPDATE hooks SET enabled = $2 WHERE name = $1 RETURNING true AS done;

-- name: delete_hook
-- Forgets it; its tasks stay.
DELETE FROM hooks WHERE name = $1 RETURNING true AS done;

-- name: hold_hook
-- A hook that is on, held until the commit, so that its tasks are counted one after the other.
SELECT true AS done FROM hooks WHERE name = $1 AND enabled FOR NO KEY UPDATE;

-- name: tasks_of_hour
-- How many tasks a hook has started in the last hour, and in how many seconds the oldest of them no longer counts.
SELECT count(*)::int AS tasks,
       coalesce(extract(epoch FROM min(t.created_at) + interval '1 hour' - now()), 0)::double precision AS free_in_s
FROM tasks t
WHERE t.origin_name = $1 AND t.origin::text = 'hook' AND t.created_at > now() - interval '1 hour';

-- Tasks that agents start: their chain up to a person's task, and what it has used.

-- name: hold_parent
-- Task $1 while its turn runs and nobody has asked it to end, with the root of its chain. Both rows are held until the commit:
-- a cancel or the turn's end comes before and is seen, or after and sees the new task; and tasks of one chain are counted
-- one after the other.
SELECT t.id, t.session_id, t.agent, t.depth, r.id AS root_id
FROM tasks t JOIN tasks r ON r.id = coalesce(t.root_task_id, t.id)
WHERE t.id = $1 AND t.state = 'running' AND t.cancel_requested_at IS NULL
FOR NO KEY UPDATE OF t, r;

-- name: chain_use
-- How many tasks agents have started below root $1, and what all of the chain has cost so far, in USD.
SELECT count(*) FILTER (WHERE t.id <> $1) AS tasks,
       coalesce(sum((t.usage ->> 'cost_usd')::double precision), 0)::double precision AS cost_usd
FROM tasks t WHERE t.root_task_id = $1 OR t.id = $1;

-- name: started_session
-- Whether session $1 was begun by a task that a turn of session $2 started.
SELECT EXISTS (
    SELECT FROM tasks t JOIN tasks p ON p.id = t.parent_task_id
    WHERE p.session_id = $2 AND t.id = (SELECT f.id FROM tasks f WHERE f.session_id = $1 ORDER BY f.ord LIMIT 1)
) AS done;

-- name: list_open_below
-- The tasks below task $1, at any depth, that have not ended and that nobody has asked to end.
WITH RECURSIVE below AS (
    SELECT t.id, t.state, t.cancel_requested_at FROM tasks t WHERE t.parent_task_id = $1
    UNION ALL
    SELECT t.id, t.state, t.cancel_requested_at FROM tasks t JOIN below b ON t.parent_task_id = b.id
)
SELECT b.id FROM below b WHERE b.state IN ('pending', 'running') AND b.cancel_requested_at IS NULL ORDER BY b.id;

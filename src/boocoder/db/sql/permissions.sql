-- What agents ask a person, and the rules that answer for the person. State transitions are in 0002_permissions.sql.

-- name: insert_request
-- A request as it is asked, or as a rule decided it at once.
INSERT INTO permission_requests (id, session_id, task_id, epoch, message_id, part, tool_part, key, kind, tool, title,
                                 argument, options, state, decided_by, rule_id, decided_at, told_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        CASE WHEN $14 = 'asked'::permission_state THEN NULL ELSE now() END,
        CASE WHEN $14 = 'asked'::permission_state THEN NULL ELSE now() END)
ON CONFLICT (id) DO NOTHING
RETURNING true AS done;

-- name: get_request
-- One request, whole.
SELECT id, session_id, task_id, epoch, message_id, part, tool_part, key, kind, tool, title, argument, options, state,
       answer, decided_by, rule_id, asked_at, decided_at
FROM permission_requests WHERE id = $1;

-- name: list_requests
-- A page of requests, newest first: of one session or all ($1), in one state or any ($2), before request $4,
-- of one project or any ($5), of one agent or any ($6), asked from $7 on and before $8.
SELECT id, session_id, task_id, epoch, message_id, part, tool_part, key, kind, tool, title, argument, options, state,
       answer, decided_by, rule_id, asked_at, decided_at
FROM permission_requests
WHERE ($1::uuid IS NULL OR session_id = $1)
  AND ($2::permission_state IS NULL OR state = $2)
  AND ($4::uuid IS NULL OR ord < (SELECT b.ord FROM permission_requests b WHERE b.id = $4))
  AND ($5::uuid IS NULL OR session_id IN (SELECT s.id FROM sessions s WHERE s.project_id = $5))
  AND ($6::text IS NULL OR task_id IN (SELECT t.id FROM tasks t WHERE t.agent = $6))
  AND ($7::timestamptz IS NULL OR asked_at >= $7)
  AND ($8::timestamptz IS NULL OR asked_at < $8)
ORDER BY ord DESC
LIMIT $3;

-- name: decide_request
-- asked -> a decision, once.
UPDATE permission_requests SET state = $2, answer = $3, decided_by = $4, rule_id = $5, decided_at = now()
WHERE id = $1 AND state = 'asked'
RETURNING true AS done;

-- name: mark_published
-- The stream has the decision.
UPDATE permission_requests SET told_at = now() WHERE id = $1 AND state <> 'asked' AND told_at IS NULL
RETURNING true AS done;

-- name: close_requests
-- At an attempt's end: what is open is cancelled, and everything that is not in the stream yet is returned.
UPDATE permission_requests
SET state = CASE state WHEN 'asked' THEN 'cancelled' ELSE state END,
    decided_by = coalesce(decided_by, 'turn'), decided_at = coalesce(decided_at, now()), told_at = now()
WHERE task_id = $1 AND epoch = $2 AND told_at IS NULL
RETURNING id, session_id, task_id, epoch, message_id, part, tool_part, key, kind, tool, title, argument, options, state,
          answer, decided_by, rule_id, asked_at, decided_at;

-- name: rules_of_session
-- Every rule that may decide a request of a session: its own, its project's, the global ones.
SELECT id, project_id, session_id, tool, argument, exact, action, uses, created_at
FROM permission_rules
WHERE session_id = $1
   OR project_id = (SELECT s.project_id FROM sessions s WHERE s.id = $1)
   OR (session_id IS NULL AND project_id IS NULL)
ORDER BY ord;

-- name: list_rules
-- A page of rules, newest first: of one project or any ($1), of one session or any ($2), before rule $4.
SELECT id, project_id, session_id, tool, argument, exact, action, uses, created_at
FROM permission_rules
WHERE ($1::uuid IS NULL OR project_id = $1)
  AND ($2::uuid IS NULL OR session_id = $2)
  AND ($4::uuid IS NULL OR ord < (SELECT b.ord FROM permission_rules b WHERE b.id = $4))
ORDER BY ord DESC
LIMIT $3;

-- name: insert_rule
-- A new rule.
INSERT INTO permission_rules (id, project_id, session_id, tool, argument, exact, action)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id, project_id, session_id, tool, argument, exact, action, uses, created_at;

-- name: delete_rule
-- A rule goes; what it decided stays.
DELETE FROM permission_rules WHERE id = $1
RETURNING id, project_id, session_id, tool, argument, exact, action, uses, created_at;

-- name: count_use
-- A rule decided once more.
UPDATE permission_rules SET uses = uses + 1 WHERE id = $1
RETURNING true AS done;

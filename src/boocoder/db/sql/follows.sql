-- Published branches, what forges say of them, and the rounds that answer it.

-- name: list_follows
-- Published branches: of project $1, of session $2, with branch $3 or pull request $4 of repository $5, or meant for branch $6; null: any. Newest first, before session $7, at most $8.
SELECT f.session_id, f.project_id, f.repository, f.remote, f.branch, f.commit, f.base, f.url, f.number, f.state, f.reason,
       f.detail, f.rounds, f.rounds_max, f.cost_usd, f.cost_max_usd, f.gate, f.reviewers, f.task_id, f.ci, f.review,
       f.created_at, f.updated_at,
       (SELECT count(*) FROM forge_events e WHERE e.session_id = f.session_id AND e.handled_at IS NULL)::int AS waiting,
       (SELECT g.exit_code FROM gate_runs g WHERE g.session_id = f.session_id ORDER BY g.ended_at DESC LIMIT 1)
           AS gate_exit_code
FROM branch_follows f
WHERE ($1::uuid IS NULL OR f.project_id = $1)
  AND ($2::uuid IS NULL OR f.session_id = $2)
  AND ($3::text IS NULL OR f.branch = $3)
  AND ($4::int IS NULL OR f.number = $4)
  AND ($5::text IS NULL OR f.repository = $5)
  AND ($6::text IS NULL OR f.base = $6)
  AND ($7::uuid IS NULL OR (f.created_at, f.session_id) < (
      SELECT b.created_at, b.session_id FROM branch_follows b WHERE b.session_id = $7))
ORDER BY f.created_at DESC, f.session_id DESC
LIMIT $8;

-- name: record_published
-- A session's branch was pushed. Rounds start where $10 is true; another branch of the session begins anew.
INSERT INTO branch_follows (session_id, project_id, repository, remote, branch, commit, base, url, number, state, reason,
                            rounds_max, cost_max_usd, gate, reviewers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
        CASE WHEN $10 THEN 'watching' ELSE 'stopped' END::follow_state, CASE WHEN $10 THEN '' ELSE 'off' END,
        $11, $12, $13, $14)
ON CONFLICT (session_id) DO UPDATE SET
    repository = $3, remote = $4, branch = $5, commit = $6,
    base = CASE WHEN $7 <> '' THEN $7 WHEN branch_follows.branch = $5 THEN branch_follows.base ELSE '' END,
    url = CASE WHEN $8 <> '' THEN $8 WHEN branch_follows.branch = $5 THEN branch_follows.url ELSE '' END,
    number = CASE WHEN $9 IS NOT NULL THEN $9 WHEN branch_follows.branch = $5 THEN branch_follows.number END,
    ci = CASE WHEN branch_follows.commit = $6 THEN branch_follows.ci ELSE '' END,
    state = CASE WHEN $10 THEN 'watching' WHEN branch_follows.branch = $5 AND branch_follows.state NOT IN ('merged', 'closed')
                 THEN branch_follows.state ELSE 'stopped' END,
    reason = CASE WHEN $10 THEN '' WHEN branch_follows.branch = $5 AND branch_follows.state NOT IN ('merged', 'closed')
                  THEN branch_follows.reason ELSE 'off' END,
    rounds_max = CASE WHEN $10 THEN $11 ELSE branch_follows.rounds_max END,
    cost_max_usd = CASE WHEN $10 THEN $12 ELSE branch_follows.cost_max_usd END,
    gate = CASE WHEN $10 THEN $13 ELSE branch_follows.gate END,
    reviewers = CASE WHEN $10 THEN $14 ELSE branch_follows.reviewers END,
    updated_at = now()
RETURNING true AS done;

-- name: set_bounds
-- What a person changes: bounds $2 and $3, gate $4, reviewers $5; null: as it is.
UPDATE branch_follows SET rounds_max = coalesce($2, rounds_max), cost_max_usd = coalesce($3, cost_max_usd),
    gate = coalesce($4, gate), reviewers = coalesce($5, reviewers), updated_at = now()
WHERE session_id = $1
RETURNING true AS done;

-- name: stop_follow
-- No further round starts, for reason $2 with detail $3.
UPDATE branch_follows SET state = 'stopped', reason = $2, detail = $3, updated_at = now()
WHERE session_id = $1 AND state IN ('watching', 'working', 'publishing')
RETURNING true AS done;

-- name: resume_follow
-- Rounds may start again.
UPDATE branch_follows SET state = 'watching', reason = '', detail = '', merge_commit = NULL, updated_at = now()
WHERE session_id = $1 AND state = 'stopped'
RETURNING true AS done;

-- name: note_forge
-- What the forge says of a branch: CI $2 of commit $3, review $4, base $5, pull request $6 at $7, state $8; null: nothing.
UPDATE branch_follows SET
    ci = CASE WHEN $2::text IS NOT NULL AND commit = $3 AND NOT (ci = 'failed' AND $2 = 'passed') THEN $2 ELSE ci END,
    review = coalesce($4, review), base = coalesce($5, base), number = coalesce($6, number), url = coalesce($7, url),
    state = coalesce($8, state), reason = CASE WHEN $8::follow_state IS NULL THEN reason ELSE '' END, updated_at = now()
WHERE session_id = $1
RETURNING true AS done;

-- name: add_event
-- What is to be answered; said again before a round has it, a new text is put behind the first.
INSERT INTO forge_events (session_id, kind, key, author, text, url) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (session_id, key) DO UPDATE SET text = left(forge_events.text || E'\n\n' || excluded.text, 40000)
WHERE forge_events.handled_at IS NULL AND position(excluded.text IN forge_events.text) = 0
RETURNING true AS done;

-- name: list_events
-- What was said of a session's branch, newest first, before event $2, at most $3.
SELECT e.id, e.kind, e.author, e.text, e.url, e.created_at, e.handled_at, e.round FROM forge_events e
WHERE e.session_id = $1 AND ($2::uuid IS NULL OR e.ord < (SELECT b.ord FROM forge_events b WHERE b.id = $2))
ORDER BY e.ord DESC LIMIT $3;

-- name: list_waiting
-- What no round has answered, oldest first.
SELECT e.id, e.kind, e.author, e.text, e.url, e.created_at, e.handled_at, e.round FROM forge_events e
WHERE e.session_id = $1 AND e.handled_at IS NULL ORDER BY e.ord LIMIT 50;

-- name: list_due
-- Branches of host $1's sessions with something to do: a round to begin, one that has ended, one to push.
SELECT f.session_id, f.project_id, f.repository, f.remote, f.branch, f.commit, f.base, f.url, f.number, f.state, f.reason,
       f.detail, f.rounds, f.rounds_max, f.cost_usd, f.cost_max_usd, f.gate, f.reviewers, f.task_id, f.ci, f.review,
       f.created_at, f.updated_at, f.merge_commit, t.state AS task_state,
       coalesce((t.usage->>'cost_usd')::float8, 0) AS task_cost_usd
FROM branch_follows f
JOIN sessions s ON s.id = f.session_id
LEFT JOIN tasks t ON t.id = f.task_id
WHERE s.host_id = $1 AND (
    f.state = 'publishing'
    OR (f.state = 'working' AND (t.id IS NULL OR t.state NOT IN ('pending', 'running')))
    OR (f.state = 'watching'
        AND EXISTS (SELECT FROM forge_events e WHERE e.session_id = f.session_id AND e.handled_at IS NULL)
        AND NOT EXISTS (SELECT FROM tasks o WHERE o.session_id = f.session_id AND o.state IN ('pending', 'running'))))
ORDER BY f.updated_at, f.session_id
LIMIT 50;

-- name: begin_round
-- A round: task $2 answers events $3 and brings in commit $4 of the base, if any.
WITH answered AS (
    UPDATE forge_events SET handled_at = now(), round = (SELECT f.rounds + 1 FROM branch_follows f WHERE f.session_id = $1)
    WHERE session_id = $1 AND id = ANY ($3::uuid[])
)
UPDATE branch_follows SET state = 'working', task_id = $2, rounds = rounds + 1, merge_commit = $4, updated_at = now()
WHERE session_id = $1 AND state = 'watching'
RETURNING true AS done;

-- name: dismiss_events
-- There is nothing to do about events $2.
UPDATE forge_events SET handled_at = now() WHERE session_id = $1 AND id = ANY ($2::uuid[]) RETURNING true AS done;

-- name: end_round
-- The round's turn has ended and cost $2; what it left is to be pushed.
UPDATE branch_follows SET state = 'publishing', cost_usd = cost_usd + $2, updated_at = now()
WHERE session_id = $1 AND state = 'working'
RETURNING true AS done;

-- name: set_commit
-- Commit $2 is about to be pushed: what was said of earlier ones is over.
UPDATE branch_follows SET ci = CASE WHEN commit = $2 THEN ci ELSE '' END,
    review = CASE WHEN commit = $2 THEN review ELSE '' END, commit = $2, updated_at = now()
WHERE session_id = $1
RETURNING true AS done;

-- name: end_publishing
-- The round was pushed, where $2 is true; else it waits for its next round.
UPDATE branch_follows SET state = 'watching', merge_commit = CASE WHEN $2 THEN NULL ELSE merge_commit END, updated_at = now()
WHERE session_id = $1 AND state = 'publishing'
RETURNING true AS done;

-- name: insert_gate_run
-- How the gate $3 ended for round $2.
INSERT INTO gate_runs (session_id, round, command, exit_code, output) VALUES ($1, $2, $3, $4, $5) RETURNING true AS done;

-- name: wake
-- Tells every host that a forge said something.
SELECT true AS done FROM pg_notify('boocoder_forges', 'ready');

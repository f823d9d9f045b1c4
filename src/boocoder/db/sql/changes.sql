-- Changes that wait for a person's decision, and the journal of applying them.

-- name: supersede_pending
-- A later turn's change takes the place of the one that waits.
UPDATE pending_changes SET state = 'superseded', decided_at = now()
WHERE session_id = $1 AND state = 'pending'
RETURNING id;

-- name: insert_change
-- The session's change as it is now.
INSERT INTO pending_changes (id, session_id, task_id, agent, base_tree, tree, files, additions, deletions, diff)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING id;

-- name: withdraw_change
-- The agent has reverted everything.
UPDATE pending_changes SET state = 'withdrawn', decided_at = now()
WHERE session_id = $1 AND state = 'pending'
RETURNING id;

-- name: get_change
-- One change without its diff.
SELECT id, session_id, task_id, agent, state, base_tree, tree, files, additions, deletions,
       diff IS NOT NULL AS diff_stored, created_at, decided_at
FROM pending_changes WHERE id = $1;

-- name: list_changes
-- A page of changes, newest first: of one session or all ($1), in one state or any ($2), before change $4.
SELECT id, session_id, task_id, agent, state, base_tree, tree, files, additions, deletions,
       diff IS NOT NULL AS diff_stored, created_at, decided_at
FROM pending_changes
WHERE ($1::uuid IS NULL OR session_id = $1)
  AND ($2::change_state IS NULL OR state = $2)
  AND ($4::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM pending_changes b WHERE b.id = $4))
ORDER BY created_at DESC, id DESC
LIMIT $3;

-- name: get_diff
-- The diff of one change, null past the limit of what is stored.
SELECT diff FROM pending_changes WHERE id = $1;

-- name: decide_change
-- pending -> applied or rejected, once. A change that a turn superseded while its files were being written into
-- the checkout is applied all the same: the journal says so.
UPDATE pending_changes SET state = $2, decided_at = now()
WHERE id = $1 AND (state = 'pending' OR (state = 'superseded' AND $2 = 'applied'::change_state AND EXISTS (
    SELECT FROM change_applies WHERE change_id = $1 AND state = 'writing')))
RETURNING true AS done;

-- name: begin_apply
-- Opens the journal for a pending change: a new entry, or the one of an earlier try that was undone.
INSERT INTO change_applies AS a (change_id, project_id, pre_tree, post_tree)
SELECT c.id, $2, $3, $4 FROM pending_changes c WHERE c.id = $1 AND c.state = 'pending'
ON CONFLICT (change_id) DO UPDATE
    SET state = 'writing', pre_tree = excluded.pre_tree, post_tree = excluded.post_tree,
        started_at = now(), ended_at = NULL
    WHERE a.state = 'undone'
RETURNING true AS done;

-- name: end_apply
-- writing -> done or undone, once.
UPDATE change_applies SET state = $2, ended_at = now()
WHERE change_id = $1 AND state = 'writing'
RETURNING true AS done;

-- name: list_writing_applies
-- Applies that have not ended, oldest first.
SELECT a.change_id, c.session_id, a.project_id, a.pre_tree, a.post_tree, a.started_at
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id
WHERE a.state = 'writing'
ORDER BY a.started_at, a.change_id;

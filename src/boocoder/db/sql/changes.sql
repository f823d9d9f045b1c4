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
SELECT id, session_id, task_id, agent, state, base_tree, tree, applied_tree, files, additions, deletions,
       diff IS NOT NULL AS diff_stored, created_at, decided_at
FROM pending_changes WHERE id = $1;

-- name: list_changes
-- A page of changes, newest first: of one session or all ($1), in one state or any ($2), before change $4.
SELECT id, session_id, task_id, agent, state, base_tree, tree, applied_tree, files, additions, deletions,
       diff IS NOT NULL AS diff_stored, created_at, decided_at
FROM pending_changes
WHERE ($1::uuid IS NULL OR session_id = $1)
  AND ($2::change_state IS NULL OR state = $2)
  AND ($4::uuid IS NULL OR (created_at, id) < (SELECT b.created_at, b.id FROM pending_changes b WHERE b.id = $4))
ORDER BY created_at DESC, id DESC
LIMIT $3;

-- name: decided_tree
-- What the session applied last, unless its base was moved since: its next change begins there.
SELECT coalesce(c.applied_tree, c.tree) AS tree
FROM pending_changes c
LEFT JOIN session_worktrees w ON w.session_id = c.session_id
WHERE c.session_id = $1 AND c.state = 'applied' AND (w.base_moved_at IS NULL OR c.decided_at > w.base_moved_at)
ORDER BY c.created_at DESC, c.id DESC
LIMIT 1;

-- name: get_diff
-- The diff of one change, null past the limit of what is stored.
SELECT diff FROM pending_changes WHERE id = $1;

-- name: decide_change
-- pending -> applied or rejected, once; $3 is the part that was applied, null for all of it. A change that a turn
-- superseded while its files were being written into the checkout is applied all the same: the journal says so.
UPDATE pending_changes SET state = $2, applied_tree = $3, decided_at = now()
WHERE id = $1 AND (state = 'pending' OR (state = 'superseded' AND $2 = 'applied'::change_state AND EXISTS (
    SELECT FROM change_applies WHERE change_id = $1 AND state = 'writing')))
RETURNING true AS done;

-- name: begin_apply
-- Opens the journal for a pending change: a new entry, or the one of an earlier try that was undone.
INSERT INTO change_applies AS a (change_id, project_id, pre_tree, post_tree, target, applied_tree, ref, old_commit,
                                 new_commit)
SELECT c.id, $2, $3, $4, $5, $6, $7, $8, $9 FROM pending_changes c WHERE c.id = $1 AND c.state = 'pending'
ON CONFLICT (change_id) DO UPDATE
    SET state = 'writing', pre_tree = excluded.pre_tree, post_tree = excluded.post_tree, target = excluded.target,
        applied_tree = excluded.applied_tree, ref = excluded.ref, old_commit = excluded.old_commit,
        new_commit = excluded.new_commit, started_at = now(), ended_at = NULL
    WHERE a.state = 'undone'
RETURNING true AS done;

-- name: end_apply
-- writing -> done or undone, once.
UPDATE change_applies SET state = $2, ended_at = now()
WHERE change_id = $1 AND state = 'writing'
RETURNING true AS done;

-- name: list_writing_applies
-- Applies that have not ended, oldest first.
SELECT a.change_id, c.session_id, a.project_id, a.pre_tree, a.post_tree, a.target, a.applied_tree, a.ref,
       a.old_commit, a.new_commit, a.started_at
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id
WHERE a.state = 'writing'
ORDER BY a.started_at, a.change_id;

-- name: find_apply
-- The journal of one change, ended well.
SELECT a.target, a.ref, a.new_commit FROM change_applies a WHERE a.change_id = $1 AND a.state = 'done';

-- name: last_branch
-- The branch that a session was put on last.
SELECT a.target, a.ref, a.new_commit
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id
WHERE c.session_id = $1 AND a.state = 'done' AND a.target = 'branch'
ORDER BY a.ended_at DESC, a.change_id DESC
LIMIT 1;

-- name: list_steps
-- What the turns of a session left since the change that it applied last, oldest first: the tree and the prompt.
SELECT s.tree, t.prompt, t.agent, t.model
FROM snapshots s
JOIN tasks t ON t.id = s.task_id
WHERE s.session_id = $1 AND s.kind IN ('turn_end', 'interrupted') AND s.taken_at > coalesce((
    SELECT max(c.created_at) FROM pending_changes c WHERE c.session_id = $1 AND c.state = 'applied'), '-infinity')
ORDER BY s.taken_at, s.id
LIMIT $2;

-- name: list_asked
-- What was asked for in a session up to and with task $2, oldest first; no trees.
SELECT '' AS tree, t.prompt, t.agent, t.model
FROM tasks t
WHERE t.session_id = $1 AND t.started_at IS NOT NULL AND t.ord <= (SELECT l.ord FROM tasks l WHERE l.id = $2)
ORDER BY t.ord
LIMIT $3;

-- name: begin_update
-- Opens the journal of bringing what the user has now into a session's worktree; no row while one is open.
INSERT INTO worktree_updates (session_id, pre_tree, post_tree) VALUES ($1, $2, $3)
ON CONFLICT (session_id) DO NOTHING
RETURNING true AS done;

-- name: end_update
-- Closes that journal.
DELETE FROM worktree_updates WHERE session_id = $1 RETURNING true AS done;

-- name: list_updates
-- Worktrees that are being updated; at a start these were cut short.
SELECT u.session_id, s.project_id, w.path, u.pre_tree, u.post_tree
FROM worktree_updates u
JOIN sessions s ON s.id = u.session_id
JOIN session_worktrees w ON w.session_id = u.session_id
ORDER BY u.started_at;

-- name: move_base
-- The session's change is measured against what the user has now.
UPDATE session_worktrees SET base_commit = $2, base_tree = $3, base_moved_at = now() WHERE session_id = $1
RETURNING true AS done;

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
SELECT c.id, c.session_id, c.task_id, c.agent, c.state, c.additions, c.deletions, c.created_at, c.decided_at,
       a.target AS applied_target, coalesce(a.branch_ref, a.ref) AS applied_ref,
       c.base_tree, c.tree, c.applied_tree, c.files, c.diff IS NOT NULL AS diff_stored
FROM pending_changes c
LEFT JOIN change_applies a ON a.change_id = c.id AND a.state = 'done'
WHERE c.id = $1;

-- name: list_changes
-- A page of changes, newest first: of one session or all ($1), of one project or all ($5), in one state or any
-- ($2), before change $4, of one agent or any ($6), first measured from $7 on and before $8.
SELECT c.id, c.session_id, c.task_id, c.agent, c.state, c.additions, c.deletions, c.created_at, c.decided_at,
       a.target AS applied_target, coalesce(a.branch_ref, a.ref) AS applied_ref,
       c.base_tree, c.tree, c.applied_tree, c.files, c.diff IS NOT NULL AS diff_stored
FROM pending_changes c
LEFT JOIN change_applies a ON a.change_id = c.id AND a.state = 'done'
WHERE ($1::uuid IS NULL OR c.session_id = $1)
  AND ($2::change_state IS NULL OR c.state = $2)
  AND ($5::uuid IS NULL OR c.session_id IN (SELECT s.id FROM sessions s WHERE s.project_id = $5))
  AND ($6::text IS NULL OR c.agent = $6)
  AND ($7::timestamptz IS NULL OR c.created_at >= $7)
  AND ($8::timestamptz IS NULL OR c.created_at < $8)
  AND ($4::uuid IS NULL OR (c.created_at, c.id) < (SELECT b.created_at, b.id FROM pending_changes b WHERE b.id = $4))
ORDER BY c.created_at DESC, c.id DESC
LIMIT $3;

-- name: decided_tree
-- What the session applied last, unless its base was moved since: its next change begins there. Change $2, if given,
-- does not count.
SELECT coalesce(c.applied_tree, c.tree) AS tree
FROM pending_changes c
LEFT JOIN session_worktrees w ON w.session_id = c.session_id
WHERE c.session_id = $1 AND c.state = 'applied' AND (w.base_moved_at IS NULL OR c.decided_at > w.base_moved_at)
  AND c.id IS DISTINCT FROM $2
ORDER BY c.created_at DESC, c.id DESC
LIMIT 1;

-- name: applied_commit
-- What the session applied last, if that was as a commit and its base has not moved since.
SELECT coalesce(c.applied_tree, c.tree) AS tree, a.ref AS on_ref, a.new_commit AS commit
FROM (SELECT n.id, n.applied_tree, n.tree, n.decided_at FROM pending_changes n
      WHERE n.session_id = $1 AND n.state = 'applied' ORDER BY n.created_at DESC, n.id DESC LIMIT 1) c
JOIN change_applies a ON a.change_id = c.id AND a.target = 'commit' AND a.ref IS NOT NULL AND a.new_commit IS NOT NULL
JOIN session_worktrees w ON w.session_id = $1
WHERE w.base_moved_at IS NULL OR c.decided_at > w.base_moved_at;

-- name: last_applied
-- What the session applied last to the checkout or as a commit: the change's base, its tree, what of it was applied, and
-- when it was measured and decided.
SELECT c.base_tree, c.tree, coalesce(c.applied_tree, c.tree) AS applied, c.created_at, c.decided_at AS applied_at
FROM pending_changes c
JOIN change_applies a ON a.change_id = c.id AND a.target <> 'branch'
WHERE c.session_id = $1 AND c.state = 'applied'
ORDER BY c.created_at DESC, c.id DESC
LIMIT 1;

-- name: list_forks
-- The open forks of session $1 that have applied nothing themselves: what each began with, when that was taken, and what
-- its change is measured against, at first and now.
SELECT s.id AS session_id, f.tree, f.taken_at, w.base_tree, CASE WHEN w.base_since IS NULL THEN w.base_tree ELSE (
           SELECT e.base_tree FROM earlier_bases e WHERE e.session_id = s.id AND e.since IS NULL) END AS first_tree
FROM sessions s
JOIN snapshots f ON f.id = s.forked_snapshot_id
JOIN session_worktrees w ON w.session_id = s.id
WHERE s.forked_from = $1 AND s.state = 'open'
  AND NOT EXISTS (SELECT FROM pending_changes c WHERE c.session_id = s.id AND c.state = 'applied');

-- name: commit_range
-- What the session's branch was on when the newest turn that left the change's tree ended, the session's base, and what
-- the branch was on for the changes that are applied.
SELECT s.head_commit AS head, w.base_commit AS base, absolute_path(w.path) AS path, ARRAY(
           SELECT DISTINCT e.head_commit FROM pending_changes p
           JOIN snapshots e ON e.session_id = p.session_id AND e.task_id = p.task_id AND e.tree = p.tree
           WHERE p.session_id = c.session_id AND p.state = 'applied' AND p.id <> c.id AND e.head_commit IS NOT NULL
       ) AS applied
FROM pending_changes c
JOIN session_worktrees w ON w.session_id = c.session_id
JOIN snapshots s ON s.session_id = c.session_id AND s.tree = c.tree AND s.kind IN ('turn_end', 'interrupted')
WHERE c.id = $1 AND s.head_commit IS NOT NULL
ORDER BY s.taken_at DESC
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
                                 new_commit, host_id)
SELECT c.id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM pending_changes c WHERE c.id = $1 AND c.state = 'pending'
ON CONFLICT (change_id) DO UPDATE
    SET state = 'writing', pre_tree = excluded.pre_tree, post_tree = excluded.post_tree, target = excluded.target,
        applied_tree = excluded.applied_tree, ref = excluded.ref, old_commit = excluded.old_commit,
        new_commit = excluded.new_commit, host_id = excluded.host_id, started_at = now(), ended_at = NULL,
        reverts = false
    WHERE a.state = 'undone'
RETURNING true AS done;

-- name: end_apply
-- writing -> done or undone, once.
UPDATE change_applies SET state = $2, ended_at = now()
WHERE change_id = $1 AND state = 'writing'
RETURNING true AS done;

-- name: list_writing_applies
-- Applies to checkouts of host $1 that have not ended, oldest first. An earlier version that runs beside this one names no
-- host: it writes into the checkout of the session's.
SELECT a.change_id, c.session_id, a.project_id, a.pre_tree, a.post_tree, a.target, a.applied_tree, a.ref,
       a.old_commit, a.new_commit, a.started_at, a.reverts
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id JOIN sessions s ON s.id = c.session_id
WHERE a.state = 'writing' AND ($1::uuid IS NULL OR coalesce(a.host_id, s.host_id, $1) = $1)
ORDER BY a.started_at, a.change_id;

-- name: find_apply
-- The journal of one change, ended well.
SELECT a.target, a.ref, a.new_commit, a.pre_tree, a.post_tree, a.branch_ref, a.branch_commit, h.id AS host_id,
       h.name AS host_name
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id JOIN sessions s ON s.id = c.session_id
LEFT JOIN hosts h ON h.id = coalesce(a.host_id, s.host_id)
WHERE a.change_id = $1 AND a.state = 'done';

-- name: record_branch
-- The branch that an applied change is additionally put on.
UPDATE change_applies SET branch_ref = $2, branch_commit = $3, branch_at = now()
WHERE change_id = $1 AND state = 'done'
RETURNING true AS done;

-- name: begin_revert
-- Reopens the journal of an apply to the checkout, to write the checkout back.
UPDATE change_applies
SET state = 'writing', reverts = true, pre_tree = $2, post_tree = $3, started_at = now(), ended_at = NULL
WHERE change_id = $1 AND state = 'done' AND target = 'checkout'
RETURNING true AS done;

-- name: abort_revert
-- Closes it again with the trees of the apply: nothing was written.
UPDATE change_applies SET state = 'done', reverts = false, pre_tree = $2, post_tree = $3, ended_at = now()
WHERE change_id = $1 AND state = 'writing' AND reverts
RETURNING true AS done;

-- name: unapply_change
-- applied -> superseded: the apply was undone, and the session's pending change holds its edits again.
UPDATE pending_changes SET state = 'superseded', applied_tree = NULL, decided_at = now()
WHERE id = $1 AND state = 'applied'
RETURNING true AS done;

-- name: last_branch
-- The branch that a session was put on last.
SELECT a.target, coalesce(a.branch_ref, a.ref) AS ref, coalesce(a.branch_commit, a.new_commit) AS new_commit,
       a.pre_tree, a.post_tree, a.branch_ref, a.branch_commit, h.id AS host_id, h.name AS host_name
FROM change_applies a JOIN pending_changes c ON c.id = a.change_id JOIN sessions s ON s.id = c.session_id
LEFT JOIN hosts h ON h.id = coalesce(a.host_id, s.host_id)
WHERE c.session_id = $1 AND a.state = 'done' AND (a.target = 'branch' OR a.branch_ref IS NOT NULL)
ORDER BY coalesce(a.branch_at, a.ended_at) DESC, a.change_id DESC
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
SELECT u.session_id, s.project_id, absolute_path(w.path) AS path, u.pre_tree, u.post_tree
FROM worktree_updates u
JOIN sessions s ON s.id = u.session_id
JOIN session_worktrees w ON w.session_id = u.session_id
ORDER BY u.started_at;

-- name: move_base
-- The session's change is measured against what the user has now; snapshots from before $4, else before now, keep the base
-- until then.
WITH earlier AS (
    INSERT INTO earlier_bases (session_id, base_commit, base_tree, since, until)
    SELECT w.session_id, w.base_commit, w.base_tree, w.base_since, coalesce($4, now())
    FROM session_worktrees w WHERE w.session_id = $1
)
UPDATE session_worktrees SET base_commit = $2, base_tree = $3, base_moved_at = now(), base_since = coalesce($4, now())
WHERE session_id = $1
RETURNING true AS done;

-- name: replace_base
-- The session's change is measured against tree $2, and so is that of its snapshots since it has its base; what its base
-- was at first is tree $3 from now on.
WITH first AS (
    UPDATE earlier_bases SET base_tree = $3 WHERE session_id = $1 AND since IS NULL
)
UPDATE session_worktrees SET base_tree = $2, base_moved_at = now() WHERE session_id = $1
RETURNING true AS done;

-- name: bases_since
-- What the change of session $1 was measured against since $2, each with the end of that time; null for now, which is last.
SELECT b.base_tree AS tree, b.until
FROM (
    SELECT w.base_tree, w.base_since AS since, NULL::timestamptz AS until
    FROM session_worktrees w WHERE w.session_id = $1
    UNION ALL
    SELECT e.base_tree, e.since, e.until FROM earlier_bases e WHERE e.session_id = $1
) b
WHERE b.since >= $2
ORDER BY b.until NULLS LAST;

-- name: set_base
-- What the change of session $1 was measured against until $2, or is where that is null, is tree $3 instead.
WITH earlier AS (
    UPDATE earlier_bases SET base_tree = $3 WHERE session_id = $1 AND until = $2
)
UPDATE session_worktrees SET base_tree = $3 WHERE session_id = $1 AND $2::timestamptz IS NULL
RETURNING true AS done;

-- name: list_unfollowed
-- Sessions of host $1 that are not on what was applied, and since when: of their own, as a commit (no parent), or of the
-- session that they were forked from, to files or as a commit, or taken back again.
SELECT s.id AS session_id, NULL::uuid AS parent, c.decided_at AS at
FROM sessions s
JOIN session_worktrees w ON w.session_id = s.id AND w.state = 'ready'
CROSS JOIN LATERAL (SELECT n.id, n.decided_at FROM pending_changes n
      WHERE n.session_id = s.id AND n.state = 'applied' ORDER BY n.created_at DESC, n.id DESC LIMIT 1) c
JOIN change_applies a ON a.change_id = c.id AND a.target = 'commit' AND a.state = 'done'
WHERE s.host_id = $1 AND s.state = 'open' AND (w.base_moved_at IS NULL OR c.decided_at > w.base_moved_at)
UNION ALL
SELECT s.id, s.forked_from, max(a.ended_at)
FROM sessions s
JOIN session_worktrees w ON w.session_id = s.id
JOIN pending_changes c ON c.session_id = s.forked_from
JOIN change_applies a ON a.change_id = c.id AND a.target <> 'branch' AND a.ended_at > greatest(s.created_at, w.base_moved_at)
WHERE s.host_id = $1 AND s.state = 'open'
  AND NOT EXISTS (SELECT FROM pending_changes o WHERE o.session_id = s.id AND o.state = 'applied')
GROUP BY s.id, s.forked_from;

-- name: latest_change
-- The newest change of a session, decided or not.
SELECT id, state, base_tree, tree FROM pending_changes WHERE session_id = $1 ORDER BY created_at DESC LIMIT 1;

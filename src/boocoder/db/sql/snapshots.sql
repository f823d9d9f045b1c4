-- Snapshots of a session's worktree, to look at and to go back to. Taking one is in worktrees.sql.

-- name: get_snapshot
-- One snapshot.
SELECT id, session_id, task_id, kind, tree, taken_at, seq, note, ref FROM snapshots WHERE id = $1;

-- name: list_snapshots
-- A page of a session's snapshots, newest first, before snapshot $3.
SELECT id, session_id, task_id, kind, tree, taken_at, seq, note, ref FROM snapshots
WHERE session_id = $1
  AND ($3::uuid IS NULL OR (taken_at, id) < (SELECT b.taken_at, b.id FROM snapshots b WHERE b.id = $3))
ORDER BY taken_at DESC, id DESC
LIMIT $2;

-- name: snapshot_of_task
-- What a task left behind when its turn ended.
SELECT id, session_id, task_id, kind, tree, taken_at, seq, note, ref FROM snapshots
WHERE task_id = $1 AND kind IN ('turn_end', 'interrupted')
ORDER BY taken_at DESC LIMIT 1;

-- name: snapshot_before_turns
-- What the session's files were before its newest $2 turns that changed them or not, newest first: the snapshot
-- taken right before the first of them ended. No row where there were fewer.
WITH turns AS (
    SELECT s.taken_at, row_number() OVER (ORDER BY s.taken_at DESC) AS back
    FROM snapshots s WHERE s.session_id = $1 AND s.kind IN ('turn_end', 'interrupted')
)
SELECT b.id, b.session_id, b.task_id, b.kind, b.tree, b.taken_at, b.seq, b.note, b.ref
FROM turns t
JOIN snapshots b ON b.session_id = $1 AND b.taken_at < t.taken_at
WHERE t.back = $2
ORDER BY b.taken_at DESC, b.id DESC
LIMIT 1;

-- name: named_trees
-- Every tree that rows of project $1 name, each once.
SELECT n.tree
FROM sessions e CROSS JOIN LATERAL (
    SELECT s.tree FROM snapshots s WHERE s.session_id = e.id
    UNION ALL
    SELECT unnest(ARRAY[c.base_tree, c.tree, c.applied_tree]) FROM pending_changes c WHERE c.session_id = e.id
    UNION ALL
    SELECT unnest(ARRAY[a.pre_tree, a.post_tree])
    FROM change_applies a JOIN pending_changes c ON c.id = a.change_id WHERE c.session_id = e.id
    UNION ALL
    SELECT w.base_tree FROM session_worktrees w WHERE w.session_id = e.id
    UNION ALL
    SELECT b.base_tree FROM earlier_bases b WHERE b.session_id = e.id
) n
WHERE e.project_id = $1 AND n.tree IS NOT NULL
GROUP BY n.tree;

-- name: base_at
-- What the change of session $1 was measured against at $2. No row where an earlier version moved the base after that.
SELECT b.base_commit AS commit, b.base_tree AS tree, b.since
FROM (
    SELECT w.base_commit, w.base_tree, w.base_since AS since, 'infinity'::timestamptz AS until
    FROM session_worktrees w WHERE w.session_id = $1
    UNION ALL
    SELECT e.base_commit, e.base_tree, e.since, e.until FROM earlier_bases e WHERE e.session_id = $1
) b
WHERE (b.since IS NULL OR b.since <= $2) AND $2 < b.until
ORDER BY b.until DESC
LIMIT 1;

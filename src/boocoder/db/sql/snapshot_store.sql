-- Snapshots that every host can have, and the packs that hold them.

-- name: list_unstored
-- The newest snapshots of host $1's open sessions that are not stored yet; only session $2 unless it is null. Without $3
-- only those of projects that another host can serve, which may have to go on with the session. A host that has not
-- said yet which commits it has does not count: a pack for it would hold the whole history.
SELECT s.id AS session_id, s.project_id, p.path AS project_path, absolute_path(w.path) AS worktree_path,
       w.base_commit, w.base_tree, n.id AS snapshot_id, n.tree, n.head_commit,
       ARRAY(SELECT x.tree FROM (
                 SELECT c.tree, c.base_tree, c.applied_tree FROM pending_changes c
                 WHERE c.session_id = s.id AND c.state IN ('pending', 'applied') ORDER BY c.created_at DESC LIMIT 2
             ) c CROSS JOIN LATERAL unnest(ARRAY[c.tree, c.base_tree, c.applied_tree]) x (tree)
             WHERE x.tree IS NOT NULL) AS change_trees
FROM sessions s
JOIN session_worktrees w ON w.session_id = s.id
JOIN projects p ON p.id = s.project_id
CROSS JOIN LATERAL (
    SELECT n.id, n.tree, n.head_commit FROM snapshots n
    WHERE n.session_id = s.id ORDER BY n.taken_at DESC, n.id DESC LIMIT 1
) n
WHERE s.host_id = $1 AND s.state = 'open' AND ($2::uuid IS NULL OR s.id = $2)
  AND NOT EXISTS (SELECT FROM stored_snapshots t WHERE t.snapshot_id = n.id)
  AND ($3 OR EXISTS (SELECT FROM host_projects o JOIN hosts h ON h.id = o.host_id AND h.removed_at IS NULL
                     WHERE o.project_id = s.project_id AND o.host_id <> $1 AND o.state = 'ready'
                       AND o.tips IS NOT NULL))
ORDER BY s.id;

-- name: list_tips
-- Commits that each of the other hosts has of project $2, for each that can serve it and has said so.
SELECT o.host_id, o.tips FROM host_projects o JOIN hosts h ON h.id = o.host_id AND h.removed_at IS NULL
WHERE o.project_id = $2 AND o.host_id <> $1 AND o.state = 'ready' AND o.tips IS NOT NULL
ORDER BY o.host_id;

-- name: list_stored
-- What is stored of a session, oldest first.
SELECT t.snapshot_id, t.tree, t.trees, t.head_commit, t.base_commit, t.state, t.size_bytes, t.stored_at, n.taken_at
FROM stored_snapshots t JOIN snapshots n ON n.id = t.snapshot_id
WHERE t.session_id = $1 ORDER BY t.ord;

-- name: get_stored_files
-- How much of a session is stored; no row where there is no such session.
SELECT coalesce((SELECT t.state = 'stored' FROM stored_snapshots t WHERE t.snapshot_id = (
           SELECT n.id FROM snapshots n WHERE n.session_id = s.id ORDER BY n.taken_at DESC, n.id DESC LIMIT 1)), false)
           AS complete,
       (SELECT max(n.taken_at) FROM stored_snapshots t JOIN snapshots n ON n.id = t.snapshot_id
        WHERE t.session_id = s.id AND t.state = 'stored') AS taken_at,
       (SELECT count(*) FROM stored_snapshots t WHERE t.session_id = s.id AND t.state = 'stored') AS snapshots,
       (SELECT coalesce(sum(t.size_bytes), 0)::bigint FROM stored_snapshots t
        WHERE t.session_id = s.id AND t.state = 'stored') AS size_bytes
FROM sessions s WHERE s.id = $1;

-- name: put_stored
-- A snapshot is stored, or is too large for that.
INSERT INTO stored_snapshots (snapshot_id, session_id, tree, trees, head_commit, base_commit, state, size_bytes)
SELECT $1, s.id, $3, $4, $5, $6, $7, $8 FROM sessions s WHERE s.id = $2 AND s.host_id = $9 FOR SHARE OF s
ON CONFLICT (snapshot_id) DO NOTHING
RETURNING true AS done;

-- name: set_stored_size
-- The pack of a snapshot became another one: 0 where a later one holds its objects.
UPDATE stored_snapshots SET size_bytes = $2 WHERE snapshot_id = $1 RETURNING true AS done;

-- name: put_chunk
-- A piece of a pack.
INSERT INTO stored_pack_chunks (snapshot_id, place, content) VALUES ($1, $2, $3)
RETURNING true AS done;

-- name: get_chunk
-- A piece of a pack.
SELECT content FROM stored_pack_chunks WHERE snapshot_id = $1 AND place = $2;

-- name: delete_chunks
-- The packs of these snapshots.
DELETE FROM stored_pack_chunks WHERE snapshot_id = ANY ($1) RETURNING true AS done;

-- name: forget_archived
-- What is stored of host $1's archived sessions: nothing of theirs waits for a host. Stored again once they are open.
DELETE FROM stored_snapshots t USING sessions s
WHERE s.id = t.session_id AND s.host_id = $1 AND s.state = 'archived'
RETURNING t.snapshot_id;

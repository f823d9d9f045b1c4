-- Files that a person sends with a task, as rows. The bytes are queue's business.

-- name: insert_attachment
-- A file that no task has yet.
INSERT INTO attachments (id, name, media_type, size_bytes, path) VALUES ($1, $2, $3, $4, $5)
RETURNING true AS done;

-- name: attach
-- Gives files $1 to task $2, in this order; those that another task has are no rows of the answer.
UPDATE attachments a SET task_id = $2, place = array_position($1, a.id)
WHERE a.id = ANY ($1) AND a.task_id IS NULL
RETURNING a.id;

-- name: get_attachment
-- One file.
SELECT id, name, media_type, size_bytes, path FROM attachments WHERE id = $1;

-- name: forget_unsent
-- Takes away the oldest files that nobody sent for $1 seconds, at most $2; the bytes are deleted afterwards.
DELETE FROM attachments a
WHERE a.id IN (
    SELECT b.id FROM attachments b
    WHERE b.task_id IS NULL AND b.created_at < now() - make_interval(secs => $1)
    ORDER BY b.created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING a.id, a.name, a.media_type, a.size_bytes, a.path;

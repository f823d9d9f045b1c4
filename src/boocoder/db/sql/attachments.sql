-- Files that a person sends with a task, with their bytes.

-- name: insert_attachment
-- A file that no task has yet.
WITH file AS (
    INSERT INTO attachments (id, name, media_type, size_bytes, path) VALUES ($1, $2, $3, $4, relative_path($5))
    RETURNING id)
INSERT INTO attachment_contents (attachment_id, content) SELECT id, $6 FROM file RETURNING true AS done;

-- name: attach
-- Gives files $1 to task $2, in this order; those that another task has are no rows of the answer.
UPDATE attachments a SET task_id = $2, place = array_position($1, a.id)
WHERE a.id = ANY ($1) AND a.task_id IS NULL
RETURNING a.id;

-- name: get_attachment
-- One file.
SELECT id, name, media_type, size_bytes, absolute_path(path) AS path FROM attachments WHERE id = $1;

-- name: get_content
-- The bytes of one file; no row for a file of an early version.
SELECT content FROM attachment_contents WHERE attachment_id = $1;

-- name: forget_unsent
-- Deletes the rows of the oldest files that were not sent within $1 seconds, at most $2; the bytes are deleted after.
DELETE FROM attachments a
WHERE a.id IN (
    SELECT b.id FROM attachments b
    WHERE b.task_id IS NULL AND b.created_at < now() - make_interval(secs => $1)
    ORDER BY b.created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING a.id, a.name, a.media_type, a.size_bytes, absolute_path(a.path) AS path;

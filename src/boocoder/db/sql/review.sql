-- What a person thinks of a session's change: decisions unit by unit, and comments on lines.

-- name: list_decisions
-- The decisions of a session, also on units that its change does not have any more. One that was made before the
-- session applied something counts only if it was carried over in that transaction: units have another base since.
SELECT unit_id, path, kind, old_start, old_count, verdict, decided_at, edited, rest_rejected
FROM review_decisions
WHERE session_id = $1 AND decided_at >= coalesce(
    (SELECT max(c.decided_at) FROM pending_changes c WHERE c.session_id = $1 AND c.state = 'applied'), '-infinity')
ORDER BY decided_at, unit_id;

-- name: put_decisions
-- Decides units; arrays of the same length. An edited unit that is accepted stays edited.
INSERT INTO review_decisions (session_id, unit_id, path, kind, old_start, old_count, verdict)
SELECT $1, u.unit_id, u.path, u.kind, u.old_start, u.old_count, $7
FROM unnest($2::text[], $3::bytea[], $4::text[], $5::int[], $6::int[]) AS u (unit_id, path, kind, old_start, old_count)
ON CONFLICT (session_id, unit_id) DO UPDATE
    SET path = excluded.path, kind = excluded.kind, old_start = excluded.old_start, old_count = excluded.old_count,
        verdict = excluded.verdict, decided_at = now(),
        edited = CASE WHEN excluded.verdict = 'accepted' THEN review_decisions.edited END
RETURNING true AS done;

-- name: edit_decision
-- What a person wants in place of an accepted unit's lines; null: the lines of the unit.
UPDATE review_decisions SET edited = $3, rest_rejected = $4
WHERE session_id = $1 AND unit_id = $2 AND verdict = 'accepted' RETURNING true AS done;

-- name: delete_decisions
-- Opens units again.
DELETE FROM review_decisions WHERE session_id = $1 AND unit_id = ANY($2::text[]) RETURNING true AS done;

-- name: list_parts
-- The parts of a session's units, under the same rule as its decisions.
SELECT unit_id, content_id, base_path, old_start, old_count, new_count, first, place
FROM review_parts
WHERE session_id = $1 AND made_at >= coalesce(
    (SELECT max(c.decided_at) FROM pending_changes c WHERE c.session_id = $1 AND c.state = 'applied'), '-infinity')
ORDER BY unit_id;

-- name: put_parts
-- Adds parts; arrays of the same length.
INSERT INTO review_parts (session_id, unit_id, content_id, base_path, old_start, old_count, new_count, first, place)
SELECT $1, p.*
FROM unnest($2::text[], $3::text[], $4::bytea[], $5::int[], $6::int[], $7::int[], $8::text[], $9::int[]) AS p
ON CONFLICT (session_id, unit_id) DO UPDATE
    SET content_id = excluded.content_id, base_path = excluded.base_path, old_start = excluded.old_start,
        old_count = excluded.old_count, new_count = excluded.new_count, first = excluded.first,
        place = excluded.place, made_at = now()
RETURNING true AS done;

-- name: delete_parts
-- Takes parts away.
DELETE FROM review_parts WHERE session_id = $1 AND unit_id = ANY($2::text[]) RETURNING true AS done;

-- name: delete_all_parts
-- Takes all parts of a session away.
DELETE FROM review_parts WHERE session_id = $1 RETURNING true AS done;

-- name: insert_comment
-- A remark that waits until it is sent.
INSERT INTO review_comments (id, session_id, change_id, path, side, first_line, last_line, quote, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id, session_id, change_id, path, side, first_line, last_line, quote, body, task_id, created_at;

-- name: get_comment
-- One remark.
SELECT id, session_id, change_id, path, side, first_line, last_line, quote, body, task_id, created_at
FROM review_comments WHERE id = $1;

-- name: list_comments
-- A session's newest $3 remarks, newest first: those that wait only ($2), or all.
SELECT id, session_id, change_id, path, side, first_line, last_line, quote, body, task_id, created_at
FROM review_comments WHERE session_id = $1 AND (NOT $2::bool OR task_id IS NULL)
ORDER BY created_at DESC, id DESC LIMIT $3;

-- name: count_unsent
-- How many remarks of a session wait.
SELECT count(*) AS comments FROM review_comments WHERE session_id = $1 AND task_id IS NULL;

-- name: edit_comment
-- Other words, while it waits.
UPDATE review_comments SET body = $2 WHERE id = $1 AND task_id IS NULL
RETURNING id, session_id, change_id, path, side, first_line, last_line, quote, body, task_id, created_at;

-- name: delete_comment
-- Away with it, while it waits.
DELETE FROM review_comments WHERE id = $1 AND task_id IS NULL RETURNING true AS done;

-- name: mark_sent
-- The remarks are part of a task now; those that were not waiting give no row.
UPDATE review_comments SET task_id = $2 WHERE id = ANY($1::uuid[]) AND task_id IS NULL RETURNING true AS done;

-- Retention: folding the streams of ended turns, deleting old answers and archived sessions. Each statement changes one turn.

-- name: list_unfolded
-- A page of sessions after $2 whose streams have numbers that are not folded, of host $1 or of one that does not run; those
-- of projects at the paths $4 are left out.
SELECT e.session_id
FROM event_streams e
JOIN sessions s ON s.id = e.session_id
JOIN projects p ON p.id = s.project_id
WHERE e.session_id > $2 AND e.folded_seq < e.last_seq
  AND (s.host_id = $1 OR NOT EXISTS (SELECT FROM hosts h WHERE h.id = s.host_id AND is_alive(h)))
  AND absolute_path(p.path) <> ALL ($4)
ORDER BY e.session_id
LIMIT $3;

-- name: list_with_answers
-- A page of sessions after $2 whose streams have answers that are not deleted; else as list_unfolded, of host $1 only, which
-- has their long texts.
SELECT e.session_id
FROM event_streams e
JOIN sessions s ON s.id = e.session_id
JOIN projects p ON p.id = s.project_id
WHERE e.session_id > $2 AND e.emptied_seq < e.last_seq AND s.host_id = $1 AND absolute_path(p.path) <> ALL ($4)
ORDER BY e.session_id
LIMIT $3;

-- name: lock_stream
-- How far session $1 is folded and emptied; locked, so that two hosts do not fold one turn. No row where another one does.
SELECT folded_seq, emptied_seq FROM event_streams WHERE session_id = $1 FOR UPDATE SKIP LOCKED;

-- name: next_end
-- The end of the first turn of session $1 after number $2.
SELECT seq, extract(epoch FROM now() - created_at)::float8 AS age_s
FROM events WHERE session_id = $1 AND seq > $2 AND type = 'turn_ended'
ORDER BY seq LIMIT 1;

-- name: newest_end
-- The end of the newest turn of session $1 but $2.
SELECT seq, extract(epoch FROM now() - created_at)::float8 AS age_s
FROM events WHERE session_id = $1 AND type = 'turn_ended'
ORDER BY seq DESC OFFSET $2 LIMIT 1;

-- name: fold_frames
-- Of the frames after number $2 and up to $3 that describe one thing, keeps the newest.
WITH frames AS MATERIALIZED (
    SELECT e.seq, row_number() OVER (
        PARTITION BY e.type, e.frame ->> 'message_id', e.frame ->> 'part', e.frame ->> 'task_id', e.frame ->> 'chat_id'
        ORDER BY e.seq DESC) AS place
    FROM events e
    WHERE e.session_id = $1 AND e.seq > $2 AND e.seq <= $3
      AND e.type IN ('tool_call', 'plan', 'permission', 'question', 'usage', 'agent_commands', 'queue_changed')
), deleted AS (
    DELETE FROM events e USING frames f
    WHERE e.session_id = $1 AND e.seq = f.seq AND f.place > 1
    RETURNING 1
)
SELECT count(*) AS rows FROM deleted;

-- name: fold_text
-- Joins pieces of text after number $2 and up to $3, to pieces of some $4 characters with the last one's number.
WITH pieces AS MATERIALIZED (
    SELECT c.message_id, c.part, c."offset", c.text, c.seq, c."offset" / $4 AS slice
    FROM part_chunks c
    WHERE c.session_id = $1 AND c.seq > $2 AND c.seq <= $3 AND c.seq IS NOT NULL
), whole AS MATERIALIZED (
    SELECT p.message_id, p.part, min(p."offset") AS first, max(p.seq) AS seq,
           string_agg(p.text, '' ORDER BY p."offset") AS text, array_agg(p."offset") AS offsets
    FROM pieces p GROUP BY p.message_id, p.part, p.slice HAVING count(*) > 1
), deleted AS (
    DELETE FROM part_chunks c USING whole w
    WHERE c.message_id = w.message_id AND c.part = w.part AND c.field = 'text' AND c."offset" = ANY (w.offsets)
    RETURNING 1
)
SELECT w.message_id, w.part, w.first AS "offset", w.text, w.seq, (SELECT count(*) FROM deleted) AS rows FROM whole w;

-- name: insert_text
-- A joined piece of text; see fold_text.
INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id, seq)
SELECT n.message_id, n.part, 'text', n."offset", n.text, $1, n.seq
FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::bigint[]) AS n (message_id, part, "offset", text, seq)
RETURNING true AS done;

-- name: set_folded
-- Session $1 is folded up to number $2.
UPDATE event_streams SET folded_seq = $2 WHERE session_id = $1 AND folded_seq < $2 RETURNING true AS done;

-- name: list_answers
-- The agent's messages that begin after number $2 and up to $3 of session $1 and say something, with the number and the part
-- that a note in the place of it gets.
SELECT m.id, p.part,
       coalesce(least(
           (SELECT min(e.seq) FROM events e
            WHERE e.session_id = $1 AND e.seq > b.seq AND e.seq <= $3 AND e.frame ->> 'message_id' = m.id::text
              AND e.type IN ('tool_call', 'plan', 'permission', 'question', 'notice')),
           (SELECT min(c.seq) FROM part_chunks c WHERE c.message_id = m.id AND c.field = 'text')), 0) AS seq
FROM events b
JOIN messages m ON m.id = (b.frame ->> 'message_id')::uuid AND m.role = 'assistant' AND m.status <> 'streaming'
CROSS JOIN LATERAL (SELECT min(n.part) AS part FROM message_parts n WHERE n.message_id = m.id AND n.kind <> 'steer') p
WHERE b.session_id = $1 AND b.seq > $2 AND b.seq <= $3 AND b.type = 'message_started' AND p.part IS NOT NULL;

-- name: delete_parts
-- What the messages $1 say, do and ask, with their words for the search; not what a person said meanwhile.
WITH words AS (
    DELETE FROM message_words w WHERE w.message_id = ANY ($1)
), asked AS (
    DELETE FROM permission_requests r WHERE r.message_id = ANY ($1)
), deleted AS (
    DELETE FROM message_parts p WHERE p.message_id = ANY ($1) AND p.kind <> 'steer' RETURNING 1
)
SELECT count(*) AS rows FROM deleted;

-- name: delete_frames
-- The frames of the messages $4 after number $2 and up to $3.
WITH deleted AS (
    DELETE FROM events e
    WHERE e.session_id = $1 AND e.seq > $2 AND e.seq <= $3 AND e.frame ->> 'message_id' = ANY ($4)
      AND e.type IN ('tool_call', 'plan', 'permission', 'question', 'notice')
    RETURNING 1
)
SELECT count(*) AS rows FROM deleted;

-- name: insert_note
-- A notice as part $3 of message $2, with number $4 of session $1; $5 is its frame.
WITH part AS (
    INSERT INTO message_parts (message_id, part, kind, key, data)
    VALUES ($2, $3, 'notice', 'retention', $5::text::jsonb - '{session_id,seq,at}'::text[])
)
INSERT INTO events (session_id, seq, type, frame)
VALUES ($1, $4, 'notice', $5::text::jsonb - '{session_id,seq,at}'::text[])
RETURNING true AS done;

-- name: set_emptied
-- The answers of session $1 are deleted up to number $2.
UPDATE event_streams SET emptied_seq = $2, folded_seq = greatest(folded_seq, $2)
WHERE session_id = $1 AND emptied_seq < $2
RETURNING true AS done;

-- name: list_archived
-- Sessions of host $1 that have been archived for $2 seconds, not in projects at the paths $4; the oldest first.
SELECT s.id AS session_id
FROM sessions s JOIN projects p ON p.id = s.project_id
WHERE s.state = 'archived' AND s.updated_at < now() - make_interval(secs => $2) AND s.host_id = $1
  AND absolute_path(p.path) <> ALL ($4)
ORDER BY s.updated_at
LIMIT $3;

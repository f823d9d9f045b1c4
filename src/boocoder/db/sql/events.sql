-- The numbered stream of each session: durable frames and streamed text under one count.

-- name: record_batch
-- Everything that a turn has to store at one moment, in one round trip. `guard` locks the live attempt, so that a
-- recovering host waits for this batch or this batch finds that it has lost; without an owner ($2 null) it passes.
-- `stream` takes $5 numbers and holds the session's counter until the commit, so that a number that can be seen
-- means that all before it can. It also counts the batches of turns: one that comes after others than $27 is refused, as the
-- database has lost or has had some (see stored_batches). `removed` is read by `tool_text`, which makes it run first.
WITH guard AS (
    SELECT 1 FROM attempts
    WHERE task_id = $2 AND epoch = $3 AND instance_id = $4 AND ended_at IS NULL
    FOR SHARE
), stream AS (
    UPDATE event_streams
    SET last_seq = last_seq + $5, heard_at = CASE WHEN $2::uuid IS NULL THEN heard_at ELSE now() END,
        batches = batches + CASE WHEN $2::uuid IS NULL THEN 0 ELSE 1 END
    WHERE session_id = $1 AND ($2::uuid IS NULL OR EXISTS (SELECT FROM guard))
      AND ($27::bigint IS NULL OR batches = $27)
    RETURNING last_seq - $5 AS base, last_seq
), parts AS (
    INSERT INTO message_parts AS p (message_id, part, kind, key, data)
    SELECT n.message_id, n.part, n.kind::part_kind, n.key, n.data::jsonb - '{session_id,seq,at}'::text[]
    FROM stream, unnest($6::uuid[], $7::int[], $8::text[], $9::text[], $10::text[])
        AS n (message_id, part, kind, key, data)
    ON CONFLICT (message_id, part) DO UPDATE SET data = excluded.data WHERE excluded.data IS NOT NULL
), frames AS (
    INSERT INTO events (session_id, seq, type, frame)
    SELECT $1, stream.base + n.place, n.type, n.frame::jsonb - '{session_id,seq,at}'::text[]
    FROM stream, unnest($11::int[], $12::text[], $13::text[]) AS n (place, type, frame)
), texts AS (
    INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id, seq)
    SELECT n.message_id, n.part, 'text', n."offset", n.text, $1, stream.base + n.place
    FROM stream, unnest($14::int[], $15::uuid[], $16::int[], $17::int[], $18::text[])
        AS n (place, message_id, part, "offset", text)
), removed AS (
    DELETE FROM part_chunks c
    USING stream, unnest($19::uuid[], $20::int[], $21::text[]) AS n (message_id, part, field)
    WHERE c.message_id = n.message_id AND c.part = n.part AND c.field = n.field
    RETURNING 1
), tool_text AS (
    INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id)
    SELECT n.message_id, n.part, n.field, n."offset", n.text, $1
    FROM stream, unnest($22::uuid[], $23::int[], $24::text[], $25::int[], $26::text[])
        AS n (message_id, part, field, "offset", text)
    WHERE (SELECT count(*) FROM removed) >= 0
)
SELECT stream.base + 1 AS first_seq
FROM stream
LEFT JOIN LATERAL (SELECT pg_notify('boocoder_events', $1 || ':' || stream.last_seq)) AS told ON $5 > 0;

-- name: stored_batches
-- How many batches of turns a session's stream has; no row where the attempt is not live, if one is given.
SELECT e.batches FROM event_streams e
WHERE e.session_id = $1
  AND ($2::uuid IS NULL OR EXISTS (
      SELECT FROM attempts WHERE task_id = $2 AND epoch = $3 AND instance_id = $4 AND ended_at IS NULL));

-- name: read_events
-- What comes after number $2 in a session's stream, at most $3 rows in order: frames, and pieces of text.
(SELECT e.seq, extract(epoch FROM e.created_at)::float8 AS at_unix, e.type, e.frame,
        NULL::uuid AS message_id, NULL::int AS part, NULL::part_kind AS kind, NULL::int AS "offset", NULL::text AS text
 FROM events e
 WHERE e.session_id = $1 AND e.seq > $2
 ORDER BY e.seq LIMIT $3)
UNION ALL
(SELECT c.seq, 0, NULL, NULL, c.message_id, c.part, p.kind, c."offset", c.text
 FROM part_chunks c
 JOIN message_parts p ON p.message_id = c.message_id AND p.part = c.part
 WHERE c.session_id = $1 AND c.seq > $2 AND c.seq IS NOT NULL
 ORDER BY c.seq LIMIT $3)
ORDER BY seq
LIMIT $3;

-- name: last_seq
-- The last number given in a session's stream.
SELECT last_seq FROM event_streams WHERE session_id = $1;

-- name: last_seqs
-- The last number given in the stream of each of these sessions.
SELECT session_id, last_seq FROM event_streams WHERE session_id = ANY($1::uuid[]);

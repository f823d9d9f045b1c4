-- Messages, their parts and the text stored of each.

-- name: open_turn
-- A turn begins, in one round trip: the person's message ($6, null where an earlier attempt has stored it), the agent's
-- ($7), and the frames that say so. Guarded and numbered as in record_batch. The frame of the queue gets how many tasks
-- of the session are pending at this moment.
WITH guard AS (
    SELECT 1 FROM attempts
    WHERE task_id = $2 AND epoch = $3 AND instance_id = $4 AND ended_at IS NULL
    FOR SHARE
), stream AS (
    UPDATE event_streams
    SET last_seq = last_seq + cardinality($10::text[]), heard_at = now(), batches = batches + 1
    WHERE session_id = $1 AND EXISTS (SELECT FROM guard)
    RETURNING last_seq - cardinality($10::text[]) AS base, last_seq, batches
), queue AS (
    SELECT count(*) AS pending FROM tasks WHERE session_id = $1 AND state = 'pending'
), begun AS (
    INSERT INTO messages (id, session_id, chat_id, task_id, role, status, agent, model, finished_at)
    SELECT n.id, $1, $5, $2, n.role::message_role, n.status::message_status, n.agent, n.model, n.finished_at
    FROM stream, (VALUES (1, $6::uuid, 'user', 'complete', NULL, NULL, now()),
                         (2, $7::uuid, 'assistant', 'streaming', $8::text, $9::text, NULL))
        AS n (place, id, role, status, agent, model, finished_at)
    WHERE n.id IS NOT NULL
    ORDER BY n.place
    RETURNING id, ord
), frames AS (
    INSERT INTO events (session_id, seq, type, frame)
    SELECT $1, stream.base + n.place, n.type, (n.frame::jsonb - '{session_id,seq,at}'::text[])
           || CASE n.type WHEN 'queue_changed' THEN jsonb_build_object('pending', queue.pending) ELSE '{}' END
    FROM stream, queue, unnest($10::text[], $11::text[]) WITH ORDINALITY AS n (type, frame, place)
)
SELECT stream.base + 1 AS first_seq, begun.ord AS message_ord, queue.pending, stream.batches
FROM stream
CROSS JOIN queue
JOIN begun ON begun.id = $7
CROSS JOIN LATERAL (SELECT pg_notify('boocoder_events', $1 || ':' || stream.last_seq)) AS told;

-- name: finish_message
-- streaming -> how its turn ended, once.
UPDATE messages SET status = $2, finished_at = now() WHERE id = $1 AND status = 'streaming'
RETURNING true AS done;

-- name: get_streaming_message
-- The message that a task's turn is writing.
SELECT id, ord FROM messages WHERE task_id = $1 AND status = 'streaming';

-- name: list_messages
-- A page of a chat's messages after number $2, oldest first; a user's text is its task's prompt. A forked chat begins
-- with what its ancestors had said when it left them. Numbers rise along that line, and each chat gives a page at most.
WITH RECURSIVE line AS (
    SELECT c.id, c.parent_chat_id, c.parent_message_ord, 9223372036854775807 AS last_ord FROM chats c WHERE c.id = $1
    UNION ALL
    SELECT p.id, p.parent_chat_id, p.parent_message_ord, least(l.last_ord, l.parent_message_ord)
    FROM line l JOIN chats p ON p.id = l.parent_chat_id
)
SELECT m.id, m.ord, m.session_id, m.chat_id, m.task_id, m.role, m.status, m.agent, m.model, m.created_at,
       m.finished_at, CASE m.role WHEN 'user' THEN t.prompt ELSE '' END AS text,
       coalesce((SELECT max(p.part) + 1 FROM message_parts p WHERE p.message_id = m.id), 0) AS part_count,
       CASE m.role WHEN 'user' THEN
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'media_type', a.media_type,
                                                         'size_bytes', a.size_bytes) ORDER BY a.place)
                     FROM attachments a WHERE a.task_id = t.id), '[]')
       ELSE '[]' END AS attachments
FROM line l
CROSS JOIN LATERAL (
    SELECT n.* FROM messages n
    WHERE n.chat_id = l.id AND n.ord > $2 AND n.ord <= l.last_ord
    ORDER BY n.ord
    LIMIT $3
) m
JOIN tasks t ON t.id = m.task_id
ORDER BY m.ord
LIMIT $3;

-- name: list_newest_messages
-- A page of a chat's messages before number $2, newest first; otherwise as list_messages.
WITH RECURSIVE line AS (
    SELECT c.id, c.parent_chat_id, c.parent_message_ord, 9223372036854775807 AS last_ord FROM chats c WHERE c.id = $1
    UNION ALL
    SELECT p.id, p.parent_chat_id, p.parent_message_ord, least(l.last_ord, l.parent_message_ord)
    FROM line l JOIN chats p ON p.id = l.parent_chat_id
)
SELECT m.id, m.ord, m.session_id, m.chat_id, m.task_id, m.role, m.status, m.agent, m.model, m.created_at,
       m.finished_at, CASE m.role WHEN 'user' THEN t.prompt ELSE '' END AS text,
       coalesce((SELECT max(p.part) + 1 FROM message_parts p WHERE p.message_id = m.id), 0) AS part_count,
       CASE m.role WHEN 'user' THEN
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'media_type', a.media_type,
                                                         'size_bytes', a.size_bytes) ORDER BY a.place)
                     FROM attachments a WHERE a.task_id = t.id), '[]')
       ELSE '[]' END AS attachments
FROM line l
CROSS JOIN LATERAL (
    SELECT n.* FROM messages n
    WHERE n.chat_id = l.id AND n.ord < $2 AND n.ord <= l.last_ord
    ORDER BY n.ord DESC
    LIMIT $3
) m
JOIN tasks t ON t.id = m.task_id
ORDER BY m.ord DESC
LIMIT $3;

-- name: list_first_parts
-- The first $3 parts of each of the messages $1, and $4 in all, those of the messages named first; with the first $2
-- characters of their text. Chunks are dense, so that the last one's end is the length of the whole.
SELECT p.message_id, p.part, p.kind, p.key, p.data,
       coalesce(left((
           SELECT string_agg(c.text, '' ORDER BY c."offset") FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'text' AND c."offset" < $2
       ), $2), '') AS text,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'text'
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS text_chars
FROM (
    SELECT o.* FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, place)
    CROSS JOIN LATERAL (
        SELECT n.*, m.place FROM message_parts n
        WHERE n.message_id = m.id AND n.part > $5
        ORDER BY n.part
        LIMIT $3
    ) o
    ORDER BY o.place, o.part
    LIMIT $4
) p
ORDER BY p.place, p.part;

-- name: list_last_parts
-- The last $3 parts of each of the messages $1 before number $5, newest first; otherwise as list_first_parts.
SELECT p.message_id, p.part, p.kind, p.key, p.data,
       coalesce(left((
           SELECT string_agg(c.text, '' ORDER BY c."offset") FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'text' AND c."offset" < $2
       ), $2), '') AS text,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'text'
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS text_chars
FROM (
    SELECT o.* FROM unnest($1::uuid[]) WITH ORDINALITY AS m (id, place)
    CROSS JOIN LATERAL (
        SELECT n.*, m.place FROM message_parts n
        WHERE n.message_id = m.id AND n.part < $5
        ORDER BY n.part DESC
        LIMIT $3
    ) o
    ORDER BY o.place, o.part DESC
    LIMIT $4
) p
ORDER BY p.place, p.part DESC;

-- name: message_exists
-- Whether there is a message.
SELECT true AS done FROM messages WHERE id = $1;

-- name: get_parts
-- The parts of one message in order, with how many characters are stored of each field.
SELECT p.part, p.kind, p.key, p.data,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'text'
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS text_chars,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'input'
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS input_chars,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = 'output'
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS output_chars
FROM message_parts p
WHERE p.message_id = $1
ORDER BY p.part;

-- name: read_part_text
-- Characters $4 to $4 + $5 of one field of a part. Chunks are dense, so that reading begins with the last one
-- that starts at or before $4.
SELECT coalesce((
           SELECT substr(string_agg(c.text, '' ORDER BY c."offset"), $4 - min(c."offset") + 1, $5)
           FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = $3
             AND c."offset" < $4 + $5
             AND c."offset" >= (
                 SELECT b."offset" FROM part_chunks b
                 WHERE b.message_id = p.message_id AND b.part = p.part AND b.field = $3 AND b."offset" <= $4
                 ORDER BY b."offset" DESC LIMIT 1
             )
       ), '') AS text,
       coalesce((
           SELECT c."offset" + char_length(c.text) FROM part_chunks c
           WHERE c.message_id = p.message_id AND c.part = p.part AND c.field = $3
           ORDER BY c."offset" DESC LIMIT 1
       ), 0) AS total_chars
FROM message_parts p
WHERE p.message_id = $1 AND p.part = $2;

-- name: cut_text
-- Deletes what follows from character $2 on of each part's text of message $1.
WITH deleted AS (
    DELETE FROM part_chunks WHERE message_id = $1 AND field = 'text' AND "offset" >= $2 RETURNING 1
)
SELECT true AS done FROM deleted LIMIT 1;

-- name: get_user_message
-- The user's message of a task, which an earlier attempt may have inserted.
SELECT id, ord FROM messages WHERE task_id = $1 AND role = 'user';

-- name: message_owners
-- The sessions of those of the messages that are there.
SELECT id, session_id FROM messages WHERE id = ANY ($1);

-- name: unfinished_calls
-- The commands that the newest answer of agent $3 in chat $1, that of task $2 left out, began and did not end: the
-- newest 20.
SELECT p.data ->> 'title' AS title, coalesce(p.data ->> 'input', '') AS input
FROM (
    SELECT id FROM messages
    WHERE chat_id = $1 AND task_id <> $2 AND agent = $3 AND role = 'assistant'
    ORDER BY ord DESC
    LIMIT 1
) m
JOIN message_parts p ON p.message_id = m.id
WHERE p.kind = 'tool_call' AND p.data ->> 'kind' = 'execute' AND p.data ->> 'status' = 'cancelled'
ORDER BY p.part DESC
LIMIT 20;

-- name: messages_before
-- The newest $3 messages of chat $1 and of those that it was forked from, those of task $2 left out, newest first: who
-- spoke, and the text, with what the person said during an answer at its place. Of a long answer only the first and
-- last $4 chunks are read, of a long chunk both ends.
WITH RECURSIVE line AS (
    SELECT c.id, c.parent_chat_id, c.parent_message_ord, 9223372036854775807 AS last_ord FROM chats c WHERE c.id = $1
    UNION ALL
    SELECT p.id, p.parent_chat_id, p.parent_message_ord, least(l.last_ord, l.parent_message_ord)
    FROM line l JOIN chats p ON p.id = l.parent_chat_id
)
SELECT CASE m.role WHEN 'user' THEN 'user' ELSE coalesce(m.agent, 'agent') END AS who,
       CASE m.role WHEN 'user' THEN t.prompt || coalesce((
           SELECT E'\n' || string_agg('[attached: ' || absolute_path(a.path) || ']', E'\n' ORDER BY a.place)
           FROM attachments a WHERE a.task_id = t.id), '') ELSE coalesce((
           SELECT string_agg(
               CASE WHEN char_length(c.text) > 2 * $5::int THEN left(c.text, $5::int) || right(c.text, $5::int)
                    ELSE c.text END, '' ORDER BY c.part, c."offset")
           FROM (
               (SELECT c.part, c."offset", c.text
                FROM message_parts p JOIN part_chunks c ON c.message_id = p.message_id AND c.part = p.part
                WHERE p.message_id = m.id AND p.kind = 'text' AND c.field = 'text'
                ORDER BY c.part, c."offset" LIMIT $4)
               UNION
               (SELECT c.part, c."offset", c.text
                FROM message_parts p JOIN part_chunks c ON c.message_id = p.message_id AND c.part = p.part
                WHERE p.message_id = m.id AND p.kind = 'text' AND c.field = 'text'
                ORDER BY c.part DESC, c."offset" DESC LIMIT $4)
               UNION
               (SELECT p.part, 0, E'\n[user, during this]\n' || (p.data ->> 'text') || E'\n[the answer goes on]\n'
                FROM message_parts p
                WHERE p.message_id = m.id AND p.kind = 'steer' AND p.data ->> 'state' <> 'returned'
                ORDER BY p.part DESC LIMIT $4)
           ) c), '') END AS text,
       m.ord,
       m.status = 'complete' AS complete
FROM line l
CROSS JOIN LATERAL (
    SELECT n.* FROM messages n
    WHERE n.chat_id = l.id AND n.task_id <> $2 AND n.ord <= l.last_ord
    ORDER BY n.ord DESC
    LIMIT $3
) m
JOIN tasks t ON t.id = m.task_id
ORDER BY m.ord DESC
LIMIT $3;

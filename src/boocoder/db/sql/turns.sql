-- What a running turn asks besides: the chat before it, its user's message, cancels, the session's newest change.

-- name: get_user_message
-- The user's message of a task, which an earlier attempt may have inserted.
SELECT id, ord FROM messages WHERE task_id = $1 AND role = 'user';

-- name: said_before
-- The newest $3 messages of chat $1 and of those that it was forked from, after number $4, those of task $2 left out,
-- newest first: who spoke, and the whole text.
WITH RECURSIVE line AS (
    SELECT c.id, c.parent_chat_id, c.parent_message_ord, 9223372036854775807 AS last_ord FROM chats c WHERE c.id = $1
    UNION ALL
    SELECT p.id, p.parent_chat_id, p.parent_message_ord, least(l.last_ord, l.parent_message_ord)
    FROM line l JOIN chats p ON p.id = l.parent_chat_id
)
SELECT CASE m.role WHEN 'user' THEN 'user' ELSE coalesce(m.agent, 'agent') END AS who,
       CASE m.role WHEN 'user' THEN t.prompt || coalesce((
           SELECT E'\n' || string_agg('[attached: ' || a.path || ']', E'\n' ORDER BY a.place)
           FROM attachments a WHERE a.task_id = t.id), '') ELSE coalesce((
           SELECT string_agg(c.text, '' ORDER BY c.part, c."offset")
           FROM part_chunks c
           JOIN message_parts p ON p.message_id = c.message_id AND p.part = c.part AND p.kind = 'text'
           WHERE c.message_id = m.id AND c.field = 'text'), '') END AS text
FROM line l
CROSS JOIN LATERAL (
    SELECT n.* FROM messages n
    WHERE n.chat_id = l.id AND n.task_id <> $2 AND n.ord > $4 AND n.ord <= l.last_ord
    ORDER BY n.ord DESC
    LIMIT $3
) m
JOIN tasks t ON t.id = m.task_id
ORDER BY m.ord DESC
LIMIT $3;

-- name: list_cancelled
-- Tasks that instance $1 runs and that somebody asked to cancel.
SELECT t.id
FROM attempts a
JOIN tasks t ON t.id = a.task_id
WHERE a.instance_id = $1 AND a.ended_at IS NULL AND t.cancel_requested_at IS NOT NULL;

-- name: latest_change
-- The newest change of a session, decided or not.
SELECT id, state, tree FROM pending_changes WHERE session_id = $1 ORDER BY created_at DESC LIMIT 1;

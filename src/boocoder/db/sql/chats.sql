-- Chats: threads of conversation in a session.

-- name: insert_chat
-- A new chat; no row where the session does not exist.
INSERT INTO chats (id, session_id, title)
SELECT $1, s.id, $3 FROM sessions s WHERE s.id = $2
RETURNING true AS done;

-- name: get_chat
-- One chat.
SELECT id, session_id, title, agent, model, mode, thinking, created_at FROM chats WHERE id = $1;

-- name: list_chats
-- The chats of a session, oldest first.
SELECT id, session_id, title, agent, model, mode, thinking, created_at
FROM chats WHERE session_id = $1 ORDER BY created_at, id;

-- name: newest_chat
-- The newest chat of a session.
SELECT id, session_id, title, agent, model, mode, thinking, created_at
FROM chats WHERE session_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: remember_choice
-- What the newest task of the chat was sent to, offered for the next one.
UPDATE chats SET agent = $2, model = $3, mode = $4, thinking = $5 WHERE id = $1 RETURNING true AS done;

-- name: fork_chat
-- A chat of session $2 that goes on where chat $3 stood after message $4.
INSERT INTO chats (id, session_id, title, agent, model, mode, thinking, parent_chat_id, parent_message_ord)
SELECT $1, $2, c.title, c.agent, c.model, c.mode, c.thinking, c.id, $4 FROM chats c WHERE c.id = $3
RETURNING true AS done;

-- name: said_until
-- Where the conversation stood when snapshot $1 was taken: the last message that was said by then, in its chat. The
-- end of a turn comes after all that its turn said, and its start before. A session that was forked and not used yet
-- stands where its parent stood.
SELECT f.chat_id, f.ord FROM (
    SELECT m.chat_id, m.ord, 0 AS choice
    FROM snapshots s
    JOIN chats c ON c.session_id = s.session_id
    JOIN messages m ON m.chat_id = c.id
    WHERE s.id = $1 AND CASE
        WHEN s.kind IN ('turn_end', 'interrupted') THEN m.task_id = s.task_id
        ELSE m.created_at <= s.taken_at AND m.status <> 'streaming'
             AND (s.kind <> 'turn_start' OR m.task_id <> s.task_id) END
    UNION ALL
    SELECT c.id, c.parent_message_ord, 1
    FROM snapshots s JOIN chats c ON c.session_id = s.session_id AND c.parent_message_ord IS NOT NULL
    WHERE s.id = $1
) f
ORDER BY f.choice, f.ord DESC
LIMIT 1;

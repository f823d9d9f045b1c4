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

-- name: remember_choice
-- What the newest task of the chat was sent to, offered for the next one.
UPDATE chats SET agent = $2, model = $3, mode = $4, thinking = $5 WHERE id = $1 RETURNING true AS done;

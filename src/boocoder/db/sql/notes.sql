-- Notes that a session's agent gets with the next prompt. Their wording is decided elsewhere.

-- name: insert_note
-- A sentence for the next prompt of a session.
INSERT INTO agent_notes (id, session_id, text) VALUES ($1, $2, $3) RETURNING true AS done;

-- name: take_notes
-- Gives to task $2 every note of session $1 that no agent has received yet: new ones, its own of an earlier attempt, and
-- those of a task that ended before its prompt was sent.
UPDATE agent_notes n SET task_id = $2
WHERE n.session_id = $1 AND NOT EXISTS (
    SELECT FROM attempts a WHERE a.task_id = n.task_id AND a.prompt_sent_at IS NOT NULL)
RETURNING n.ord, n.text;

-- Agent sessions: the agent's own conversation for (chat, agent).

-- name: put_agent_session
-- The agent session that a turn uses; a new native id has seen no message yet.
INSERT INTO agent_sessions AS a (chat_id, agent, backend, native_id, config_hash)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (chat_id, agent) DO UPDATE
    SET backend = excluded.backend, native_id = excluded.native_id, config_hash = excluded.config_hash,
        state = 'active', updated_at = now(),
        seen_message_ord = CASE WHEN a.native_id = excluded.native_id THEN a.seen_message_ord ELSE 0 END
RETURNING true AS done;

-- name: get_agent_session
-- The agent session of (chat, agent).
SELECT chat_id, agent, backend, native_id, config_hash, state, seen_message_ord
FROM agent_sessions WHERE chat_id = $1 AND agent = $2;

-- name: set_agent_session_state
-- Whether its last turn ended with the agent's process dying.
UPDATE agent_sessions SET state = $3, updated_at = now() WHERE chat_id = $1 AND agent = $2
RETURNING true AS done;

-- name: set_seen
-- The newest message that the agent knows; never goes back.
UPDATE agent_sessions SET seen_message_ord = greatest(seen_message_ord, $3), updated_at = now()
WHERE chat_id = $1 AND agent = $2
RETURNING true AS done;

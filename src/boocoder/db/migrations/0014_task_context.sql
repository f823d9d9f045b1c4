-- What a turn needs besides its task's own row, in one place for every statement that hands out a running task.

-- The planner merges the body into the statement that calls it, so a call costs what the joins cost. A row without a
-- worktree or an agent session has nulls.
CREATE FUNCTION task_context(task_id uuid, project_id uuid, session_id uuid, chat_id uuid, agent text)
RETURNS TABLE (
    project_path text, session_title text, chat_title text,
    native_id text, config_hash text, agent_session_state agent_session_state, seen_message_ord bigint,
    worktree_path text, base_commit text, base_tree text, worktree_state worktree_state, setup_state setup_state,
    has_notes boolean, attachments jsonb
) LANGUAGE sql STABLE AS $$
    SELECT p.path, s.title, h.title,
           a.native_id, a.config_hash, a.state, a.seen_message_ord,
           absolute_path(w.path), w.base_commit, w.base_tree, w.state, w.setup_state,
           EXISTS (SELECT FROM agent_notes n WHERE n.session_id = $3),
           coalesce((SELECT jsonb_agg(to_jsonb(f) || jsonb_build_object('path', absolute_path(f.path)) ORDER BY f.place)
                     FROM attachments f WHERE f.task_id = $1), '[]')
    FROM projects p
    JOIN sessions s ON s.id = $3
    JOIN chats h ON h.id = $4
    LEFT JOIN agent_sessions a ON a.chat_id = $4 AND a.agent = $5
    LEFT JOIN session_worktrees w ON w.session_id = $3
    WHERE p.id = $2
$$;

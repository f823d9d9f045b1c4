-- Deleting a session: what belongs to it goes with its row, and its files after the commit.

-- What others began from it keeps it: forks, and tasks that its agents started in other sessions.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT c.conrelid::regclass AS child, c.conname, pg_get_constraintdef(c.oid) AS definition
        FROM pg_constraint c
        WHERE c.contype = 'f' AND c.confdeltype = 'a' AND c.connamespace = current_schema::regnamespace
          AND c.confrelid::regclass::text IN (
              'sessions', 'tasks', 'chats', 'attempts', 'messages', 'message_parts', 'snapshots', 'pending_changes')
          AND c.conname NOT IN (
              'sessions_forked_from_fkey', 'sessions_forked_snapshot_id_fkey', 'chats_parent_chat_id_fkey',
              'tasks_parent_task_id_fkey', 'tasks_root_task_id_fkey')
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I %s ON DELETE CASCADE',
                       one.child, one.conname, one.conname, one.definition);
    END LOOP;
END $$;

-- Each deleted row is looked for in the tables that may name it.
CREATE INDEX messages_by_session ON messages (session_id);
CREATE INDEX messages_by_task ON messages (task_id);
CREATE INDEX snapshots_by_task ON snapshots (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX pending_changes_by_task ON pending_changes (task_id);
CREATE INDEX permission_requests_by_attempt ON permission_requests (task_id, epoch);
CREATE INDEX permission_requests_by_message ON permission_requests (message_id);
CREATE INDEX steers_by_task ON steers (task_id);
CREATE INDEX steers_by_message ON steers (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX review_comments_by_change ON review_comments (change_id);
CREATE INDEX review_comments_by_task ON review_comments (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX agent_notes_by_task ON agent_notes (task_id) WHERE task_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_session ON webhook_deliveries (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX session_worktrees_rewinding ON session_worktrees (rewind_to) WHERE rewind_to IS NOT NULL;
CREATE INDEX sessions_by_fork ON sessions (forked_from) WHERE forked_from IS NOT NULL;
CREATE INDEX sessions_by_forked_snapshot ON sessions (forked_snapshot_id) WHERE forked_snapshot_id IS NOT NULL;
CREATE INDEX chats_by_parent ON chats (parent_chat_id) WHERE parent_chat_id IS NOT NULL;

-- Deleted sessions whose files are yet to be deleted. `worktree`: the name of its directory; `messages`:
-- those that may have texts in files.
CREATE TABLE deleted_sessions (
    session_id  uuid PRIMARY KEY,
    project_id  uuid NOT NULL,
    host_id     uuid NOT NULL REFERENCES hosts (id),
    worktree    text NOT NULL,
    messages    uuid[] NOT NULL,
    deleted_at  timestamptz NOT NULL DEFAULT now()
);

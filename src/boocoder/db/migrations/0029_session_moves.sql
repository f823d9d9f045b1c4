-- What holds a session on its host, and whose checkout an apply writes.

-- A host runs: it has not stopped and holds its lease, by the database's clock.
CREATE FUNCTION is_alive(host hosts) RETURNS boolean LANGUAGE sql STABLE
RETURN host.stopped_at IS NULL AND host.lease_until > now();

-- Whether something of a session is under way that only its host can end: a turn, a half-written apply, or work in its
-- worktree by a host that runs. What begins such work holds the session first (hold_session), so that it and a move wait
-- for one another.
CREATE OR REPLACE FUNCTION is_worked_on(session uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM tasks t WHERE t.session_id = session AND t.state = 'running')
    OR EXISTS (SELECT FROM change_applies a JOIN pending_changes c ON c.id = a.change_id
               WHERE c.session_id = session AND a.state = 'writing')
    OR EXISTS (SELECT FROM session_worktrees w JOIN hosts h ON h.instance_id = w.busy_instance
               WHERE w.session_id = session AND is_alive(h));

-- An apply writes into the checkout of one host, which alone can finish and undo it. NULL: a host of an earlier version,
-- which was the session's.
ALTER TABLE change_applies ADD COLUMN host_id uuid REFERENCES hosts (id);
UPDATE change_applies a SET host_id = s.host_id
FROM pending_changes c JOIN sessions s ON s.id = c.session_id
WHERE c.id = a.change_id;

-- NULL: the host has not said which commits it has, as before its first look by a version that stores them. An empty list is
-- a repository without commits.
ALTER TABLE host_projects ALTER COLUMN tips DROP NOT NULL, ALTER COLUMN tips DROP DEFAULT;
UPDATE host_projects SET tips = NULL WHERE tips = '{}';

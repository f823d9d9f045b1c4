-- A session outlives its host: its snapshots are stored where every host finds them, as incremental packs of git objects.

-- What every session's next packs may leave out: commits that each host has, newest first.
ALTER TABLE host_projects ADD COLUMN tips text[] NOT NULL DEFAULT '{}';

ALTER TYPE snapshot_kind ADD VALUE 'takeover';  -- the files with which another host went on

-- A snapshot whose files every host can have. The packs of a session's rows together hold what the commits that all hosts
-- have do not. Without a pack (size_bytes = 0) it needs no object beyond those of earlier rows.
CREATE TABLE stored_snapshots (
    snapshot_id  uuid PRIMARY KEY REFERENCES snapshots (id) ON DELETE CASCADE,
    ord          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    session_id   uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    tree         text NOT NULL CHECK (tree ~ '^[0-9a-f]{40,64}$'),
    trees        text[] NOT NULL,     -- further trees that came with it: of the base, and of the changes to review
    head_commit  text,                -- what the session's branch was on
    base_commit  text NOT NULL,
    state        text NOT NULL CHECK (state IN ('stored', 'too_large')),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),  -- of the pack; too_large: more than this
    stored_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stored_snapshots_by_session ON stored_snapshots (session_id, ord);

-- The bytes of packs. Rows are written once and deleted whole, never updated. Packs are compressed already.
CREATE TABLE stored_pack_chunks (
    snapshot_id  uuid NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    place        integer NOT NULL CHECK (place >= 0),
    content      bytea NOT NULL,
    PRIMARY KEY (snapshot_id, place)
);
ALTER TABLE stored_pack_chunks ALTER COLUMN content SET STORAGE EXTERNAL;

-- Why a host could not go on with a session of another one. It tries again now and then.
CREATE TABLE takeover_failures (
    session_id  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    host_id     uuid NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
    text        text NOT NULL,
    cure        text NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, host_id)
);

CREATE INDEX sessions_by_host ON sessions (host_id) WHERE state = 'open';

-- Whether another host can go on with a session without losing anything: its newest snapshot is stored, or is about to be.
CREATE FUNCTION movable_snapshot(session uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM (
        SELECT n.id, n.taken_at FROM snapshots n
        WHERE n.session_id = session ORDER BY n.taken_at DESC, n.id DESC LIMIT 1
    ) newest
    LEFT JOIN stored_snapshots t ON t.snapshot_id = newest.id
    WHERE t.state = 'stored'
       OR t.snapshot_id IS NULL AND newest.taken_at > now() - interval '60 seconds'
          AND EXISTS (SELECT FROM stored_snapshots e WHERE e.session_id = session AND e.state = 'stored'));

-- The host of a session as it is now, not as it was when the statement that asks began: VOLATILE takes a new snapshot.
CREATE FUNCTION session_host(session uuid) RETURNS uuid LANGUAGE sql VOLATILE
AS 'SELECT s.host_id FROM sessions s WHERE s.id = session';

-- Whether something of a session is under way that only its host can end: a turn, a half-written apply, or work in its
-- worktree by a host that runs.
CREATE FUNCTION is_worked_on(session uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM tasks t WHERE t.session_id = session AND t.state = 'running')
    OR EXISTS (SELECT FROM change_applies a JOIN pending_changes c ON c.id = a.change_id
               WHERE c.session_id = session AND a.state = 'writing')
    OR EXISTS (SELECT FROM session_worktrees w JOIN hosts h ON h.instance_id = w.busy_instance
               WHERE w.session_id = session AND h.stopped_at IS NULL AND h.lease_until > now());

-- What sessions' changes were measured against before, so that a fork from an earlier snapshot is measured against what
-- the person had then.

-- Since when the files have the base; NULL: since they were made. A base that moves together with the files has the time
-- of the first snapshot that holds it.
ALTER TABLE session_worktrees ADD COLUMN base_since timestamptz;
UPDATE session_worktrees w SET base_since = coalesce((
    SELECT CASE WHEN s.kind = 'changed' THEN s.taken_at END
    FROM snapshots s WHERE s.session_id = w.session_id AND s.taken_at <= w.base_moved_at
    ORDER BY s.taken_at DESC, s.id DESC LIMIT 1), w.base_moved_at)
WHERE w.base_moved_at IS NOT NULL;

CREATE TABLE earlier_bases (
    session_id   uuid NOT NULL REFERENCES sessions (id),
    base_commit  text NOT NULL,
    base_tree    text NOT NULL,
    since        timestamptz,
    until        timestamptz NOT NULL,
    PRIMARY KEY (session_id, until)
);

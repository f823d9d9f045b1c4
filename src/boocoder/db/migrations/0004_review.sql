-- What a person thinks of a session's change, unit by unit, and where an accepted part was put.

CREATE TYPE review_verdict AS ENUM ('accepted', 'rejected');

-- A unit is a hunk, or what cannot be split: a mode, a rename, a whole file. Its id is made of what it changes,
-- so that a decision holds as long as a later turn leaves the unit as it was. Old lines are counted in the base.
CREATE TABLE review_decisions (
    session_id   uuid NOT NULL REFERENCES sessions (id),
    unit_id      text NOT NULL CHECK (unit_id <> ''),
    path         bytea NOT NULL,
    old_start    integer NOT NULL,
    old_count    integer NOT NULL,
    verdict      review_verdict NOT NULL,
    decided_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, unit_id)
);

-- A remark on lines of a change. It waits until the person sends it; then it is part of that task's prompt.
CREATE TABLE review_comments (
    id           uuid PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    change_id    uuid NOT NULL REFERENCES pending_changes (id),
    path         bytea NOT NULL,
    side         text NOT NULL CHECK (side IN ('old', 'new')),
    first_line   integer NOT NULL CHECK (first_line >= 0),  -- 0: the whole file
    last_line    integer NOT NULL CHECK (last_line >= first_line),
    quote        text NOT NULL,
    body         text NOT NULL CHECK (body <> ''),
    task_id      uuid REFERENCES tasks (id),                -- the task that told it to the agent
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX review_comments_by_session ON review_comments (session_id, created_at);
CREATE INDEX review_comments_unsent ON review_comments (session_id) WHERE task_id IS NULL;

-- The part that was applied; null: all of `tree`. The session's next change begins there.
ALTER TABLE pending_changes ADD COLUMN applied_tree text CHECK (applied_tree ~ '^[0-9a-f]{40,64}$');

CREATE TYPE apply_target AS ENUM ('checkout', 'commit', 'branch');

-- `applied_tree`: as above, written with the decision when the apply ends. For a commit or a branch: the reference that moves, from which
-- commit (null: it is made) to which.
ALTER TABLE change_applies
    ADD COLUMN target        apply_target NOT NULL DEFAULT 'checkout',
    ADD COLUMN applied_tree  text,
    ADD COLUMN ref           text,
    ADD COLUMN old_commit    text,
    ADD COLUMN new_commit    text,
    ADD CHECK ((target = 'checkout') = (ref IS NULL)),
    ADD CHECK ((ref IS NULL) = (new_commit IS NULL));

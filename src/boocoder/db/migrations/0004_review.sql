-- What a person thinks of a session's change, unit by unit, and where an accepted part was put.

CREATE TYPE review_verdict AS ENUM ('accepted', 'rejected');

-- A unit is a hunk, or what cannot be split: a mode, a rename, a whole file. Its id is made of what it changes,
-- so that a decision holds as long as a later turn leaves the unit as it was. Old lines are counted in the base.
CREATE TABLE review_decisions (
    session_id   uuid NOT NULL REFERENCES sessions (id),
    unit_id      text NOT NULL CHECK (unit_id <> ''),
    path         bytea NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('hunk', 'mode', 'rename', 'file')),
    old_start    integer NOT NULL CHECK (old_start >= 0),
    old_count    integer NOT NULL CHECK (old_count >= 0),
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

-- What the session's agent has to be told with the next prompt, as somebody else changed its files. A note is told
-- when an attempt of its task sent its prompt; until then the next task takes it over.
CREATE TABLE agent_notes (
    id           uuid PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    text         text NOT NULL CHECK (text <> ''),
    task_id      uuid REFERENCES tasks (id),
    ord          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX agent_notes_by_session ON agent_notes (session_id, ord);

-- The part that was applied; null: all of `tree`. The session's next change begins there.
ALTER TABLE pending_changes ADD COLUMN applied_tree text CHECK (applied_tree ~ '^[0-9a-f]{40,64}$');

CREATE TYPE apply_target AS ENUM ('checkout', 'commit', 'branch');

-- `applied_tree` is the part, as above. For a commit or a branch: the reference that moves, from which commit (null:
-- it is made) to which.
ALTER TABLE change_applies
    ADD COLUMN target        apply_target NOT NULL DEFAULT 'checkout',
    ADD COLUMN applied_tree  text,
    ADD COLUMN ref           text,
    ADD COLUMN old_commit    text,
    ADD COLUMN new_commit    text,
    ADD CHECK ((target = 'checkout') = (ref IS NULL)),
    ADD CHECK ((ref IS NULL) = (new_commit IS NULL));

-- When the session's base was moved to what the user has now; changes that were applied before say nothing about it.
ALTER TABLE session_worktrees ADD COLUMN base_moved_at timestamptz;

-- The journal of bringing what the user has now into a worktree: pre_tree -> post_tree. A row that is there at a start
-- was cut short and is undone.
CREATE TABLE worktree_updates (
    session_id   uuid PRIMARY KEY REFERENCES sessions (id),
    pre_tree     text NOT NULL,
    post_tree    text NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now()
);

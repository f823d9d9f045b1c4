-- Every turn's start and end as a snapshot, sessions forked from one, and worktrees that are taken away and brought back.

ALTER TYPE snapshot_kind ADD VALUE 'turn_start';
ALTER TYPE snapshot_kind ADD VALUE 'before_rewind';
ALTER TYPE snapshot_kind ADD VALUE 'before_undo';   -- before a rejected part is taken out of the worktree
ALTER TYPE snapshot_kind ADD VALUE 'before_update'; -- before newer files of the checkout are brought in
ALTER TYPE snapshot_kind ADD VALUE 'changed';       -- after a person changed the files by a rewind, undo or update
ALTER TYPE snapshot_kind ADD VALUE 'before_removal';
ALTER TYPE snapshot_kind ADD VALUE 'fork';

-- ready -> removing -> gone; a session that goes on makes its worktree again out of its newest snapshot.
-- 'removing' is the tombstone: written before the first file goes, cleared when none is left.
ALTER TYPE worktree_state ADD VALUE 'removing' BEFORE 'gone';

ALTER TABLE snapshots
    ADD COLUMN ref   text,                      -- that keeps the tree; null: refs/boocoder/<session>/<task>
    ADD COLUMN seq   bigint,                    -- of the session's stream when it was taken
    ADD COLUMN note  text NOT NULL DEFAULT '';

ALTER TABLE sessions
    ADD COLUMN pinned               boolean NOT NULL DEFAULT false,       -- the reaper leaves its worktree alone
    ADD COLUMN forked_from          uuid REFERENCES sessions (id),
    ADD COLUMN forked_snapshot_id   uuid REFERENCES snapshots (id);

-- A forked chat begins with what its parent had said up to and with this message.
ALTER TABLE chats
    ADD COLUMN parent_chat_id       uuid REFERENCES chats (id),
    ADD COLUMN parent_message_ord   bigint,
    ADD CHECK ((parent_chat_id IS NULL) = (parent_message_ord IS NULL));

-- `busy_*`: a run of the host has the worktree to itself, for a rewind or a removal; of a host that was started anew
-- it means nothing. `rewind_to` is written before the first file of a rewind and cleared after the last one: a rewind
-- that was cut short is done again at the next start, and no turn runs before that.
ALTER TABLE session_worktrees
    ADD COLUMN removed_at     timestamptz,
    ADD COLUMN removed_why    text NOT NULL DEFAULT '',
    ADD COLUMN size_bytes     bigint CHECK (size_bytes >= 0),  -- as last measured
    ADD COLUMN measured_at    timestamptz,
    ADD COLUMN busy_instance  uuid,
    ADD COLUMN busy_why       text NOT NULL DEFAULT '',
    ADD COLUMN rewind_to      uuid REFERENCES snapshots (id),
    ADD CHECK ((busy_instance IS NULL) = (busy_why = '')),
    ADD CHECK ((size_bytes IS NULL) = (measured_at IS NULL));

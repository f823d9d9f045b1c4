-- What a session's worktree starts from, and what a project wants done in each new one.

ALTER TABLE sessions
    ADD COLUMN start_from   text CHECK (start_from <> ''),   -- branch, tag or commit; null: what the user has checked out
    ADD COLUMN start_dirty  boolean NOT NULL DEFAULT false,  -- with the uncommitted and untracked files of the checkout
    ADD CHECK (NOT start_dirty OR start_from IS NULL);

-- One row a project that has settings of its own.
CREATE TABLE project_settings (
    project_id          uuid PRIMARY KEY REFERENCES projects (id),
    copy_patterns       text[] NOT NULL DEFAULT '{}',  -- ignored files that each new worktree gets a copy of
    setup               text NOT NULL DEFAULT '',      -- shell command, run in each new worktree
    setup_timeout_s     double precision NOT NULL DEFAULT 600 CHECK (setup_timeout_s > 0),
    teardown            text NOT NULL DEFAULT '',      -- shell command, run before a worktree is removed
    teardown_timeout_s  double precision NOT NULL DEFAULT 60 CHECK (teardown_timeout_s > 0),
    updated_at          timestamptz NOT NULL DEFAULT now()
);

-- none: there is nothing to do before an agent gets the worktree. running: files are copied and the setup command
-- is run; one that was cut short or failed is run again before the next turn. `base_tree` follows what they made
-- until the session has its first snapshot, so that its change holds the agent's work only.
CREATE TYPE setup_state AS ENUM ('none', 'running', 'done', 'failed');
ALTER TABLE session_worktrees ADD COLUMN setup_state setup_state NOT NULL DEFAULT 'none';

-- What a session's worktree starts from, and what a project wants done in each new one.

ALTER TABLE sessions
    ADD COLUMN start_from   text,                            -- branch, tag or commit; null: what the user has checked out
    ADD COLUMN start_dirty  boolean NOT NULL DEFAULT false;  -- with the uncommitted and untracked files of the checkout

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

-- Whether the setup command of a worktree has ended well; one cut short is run again.
CREATE TYPE setup_state AS ENUM ('none', 'running', 'done', 'failed');
ALTER TABLE session_worktrees
    ADD COLUMN setup_state  setup_state NOT NULL DEFAULT 'none',
    ADD COLUMN start_tree   text;  -- what the worktree held when it was made, where that is not base_tree

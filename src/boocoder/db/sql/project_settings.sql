-- What a project wants done in each new worktree, and with what its agents say.

-- name: get_project_settings
-- One project's settings; those of a project that has none of its own are the column's defaults.
SELECT p.id AS project_id, coalesce(c.copy_patterns, '{}') AS copy_patterns, coalesce(c.setup, '') AS setup,
       coalesce(c.setup_timeout_s, 600) AS setup_timeout_s, coalesce(c.teardown, '') AS teardown,
       coalesce(c.teardown_timeout_s, 60) AS teardown_timeout_s, coalesce(c.redact, true) AS redact,
       c.sign_commits, coalesce(c.commit_hooks, false) AS commit_hooks,
       coalesce(c.git_hooks, false) AS git_hooks
FROM projects p LEFT JOIN project_settings c ON c.project_id = p.id
WHERE p.id = $1;

-- name: put_project_settings
-- Stores them whole, in place of those that were there.
INSERT INTO project_settings
    (project_id, copy_patterns, setup, setup_timeout_s, teardown, teardown_timeout_s, redact, sign_commits, commit_hooks,
     git_hooks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (project_id) DO UPDATE
    SET copy_patterns = excluded.copy_patterns, setup = excluded.setup, setup_timeout_s = excluded.setup_timeout_s,
        teardown = excluded.teardown, teardown_timeout_s = excluded.teardown_timeout_s,
        redact = excluded.redact, sign_commits = excluded.sign_commits, commit_hooks = excluded.commit_hooks,
        git_hooks = excluded.git_hooks, updated_at = now()
RETURNING true AS done;

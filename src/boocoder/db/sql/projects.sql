-- Projects: git repositories that a person has added. `moved` is found by a look at the disk, after reading.

-- name: insert_project
-- Adds a project; the same path gives the row that is there, under its old name.
INSERT INTO projects (id, name, path) VALUES ($1, $2, $3)
ON CONFLICT (path) DO UPDATE SET archived_at = NULL
RETURNING id, name, path, created_at, archived_at, false AS moved;

-- name: get_project
-- One project.
SELECT id, name, path, created_at, archived_at, false AS moved FROM projects WHERE id = $1;

-- name: list_projects
-- All projects, by name; those that were removed only where $1 says so; only project $2 unless it is null.
SELECT id, name, path, created_at, archived_at, false AS moved FROM projects
WHERE ($1 OR archived_at IS NULL) AND ($2::uuid IS NULL OR id = $2)
ORDER BY name, id;

-- name: hold_project
-- One project, locked against removal until the transaction ends.
SELECT id, name, path, created_at, archived_at, false AS moved FROM projects WHERE id = $1 FOR SHARE;

-- name: archive_project
-- Hides a project.
UPDATE projects SET archived_at = coalesce(archived_at, now()) WHERE id = $1
RETURNING id, name, path, created_at, archived_at, false AS moved;

-- name: count_live_tasks
-- How many tasks of a project run and wait.
SELECT count(*) FILTER (WHERE t.state = 'running') AS running, count(*) FILTER (WHERE t.state = 'pending') AS pending
FROM sessions s
JOIN tasks t ON t.session_id = s.id AND t.state IN ('running', 'pending')
WHERE s.project_id = $1;

-- name: follow_data_dir
-- Projects in the data directory, which was at $1 and is at $2.
UPDATE projects SET path = $2 || substr(path, length($1) + 1) WHERE starts_with(path, $1 || '/')
RETURNING true AS done;

-- name: list_base_commits
-- What the sessions of a project began at, the newest first.
SELECT w.base_commit FROM session_worktrees w JOIN sessions s ON s.id = w.session_id
WHERE s.project_id = $1
GROUP BY w.base_commit ORDER BY max(w.created_at) DESC LIMIT 200;

-- name: drop_empty_at
-- Takes away a project at path $1 that is not $2 and has no sessions; its permission rules are $2's from now on.
WITH empty AS (
    SELECT p.id FROM projects p
    WHERE p.path = $1 AND p.id <> $2 AND NOT EXISTS (SELECT FROM sessions s WHERE s.project_id = p.id)
), settings AS (
    DELETE FROM project_settings c USING empty WHERE c.project_id = empty.id
), rules AS (
    UPDATE permission_rules r SET project_id = $2 FROM empty WHERE r.project_id = empty.id
)
DELETE FROM projects p USING empty WHERE p.id = empty.id
RETURNING true AS done;

-- name: project_at
-- The project at a path.
SELECT id, name, path, created_at, archived_at, false AS moved FROM projects WHERE path = $1;

-- name: move_project
-- Another place of a project's repository.
UPDATE projects SET path = $2 WHERE id = $1
RETURNING id, name, path, created_at, archived_at, false AS moved;

-- Projects: git repositories that a person has added.

-- name: insert_project
-- Adds a project; the same path gives the row that is there, under its old name.
INSERT INTO projects (id, name, path) VALUES ($1, $2, $3)
ON CONFLICT (path) DO UPDATE SET archived_at = NULL
RETURNING id, name, path, created_at, archived_at;

-- name: get_project
-- One project.
SELECT id, name, path, created_at, archived_at FROM projects WHERE id = $1;

-- name: list_projects
-- All projects, by name; those that were removed only where $1 says so.
SELECT id, name, path, created_at, archived_at FROM projects WHERE $1 OR archived_at IS NULL ORDER BY name, id;

-- name: hold_project
-- One project, which nobody removes until the transaction ends.
SELECT id, name, path, created_at, archived_at FROM projects WHERE id = $1 FOR SHARE;

-- name: archive_project
-- Hides a project.
UPDATE projects SET archived_at = coalesce(archived_at, now()) WHERE id = $1
RETURNING id, name, path, created_at, archived_at;

-- name: count_live_tasks
-- How many tasks of a project run and wait.
SELECT count(*) FILTER (WHERE t.state = 'running') AS running, count(*) FILTER (WHERE t.state = 'pending') AS pending
FROM sessions s
JOIN tasks t ON t.session_id = s.id AND t.state IN ('running', 'pending')
WHERE s.project_id = $1;

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
-- All projects, by name.
SELECT id, name, path, created_at, archived_at FROM projects ORDER BY name, id;

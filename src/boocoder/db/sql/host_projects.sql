-- Which projects each host can serve, as it found them on its disk.

-- name: put_host_project
-- What host $1 found at the path $4 of project $2, and commits that it has ($5); no row where the project is somewhere
-- else by now.
INSERT INTO host_projects (host_id, project_id, state, tips)
SELECT h.id, p.id, $3, $5 FROM projects p, hosts h WHERE h.id = $1 AND p.id = $2 AND p.path = $4
ON CONFLICT (host_id, project_id) DO UPDATE SET state = excluded.state, tips = excluded.tips, checked_at = now()
RETURNING true AS done;

-- name: list_host_projects
-- Every project in the list, with what host $1 found there ('' before its first look); only project $2 unless it is null.
SELECT p.id, p.path, p.roots, coalesce(h.state, '') AS state
FROM projects p
LEFT JOIN host_projects h ON h.project_id = p.id AND h.host_id = $1
WHERE ($2::uuid IS NULL AND p.archived_at IS NULL) OR p.id = $2
ORDER BY p.id;

-- name: find_host_project
-- As list_host_projects, for the project at path $2.
SELECT p.id, p.path, p.roots, coalesce(h.state, '') AS state
FROM projects p
LEFT JOIN host_projects h ON h.project_id = p.id AND h.host_id = $1
WHERE p.path = $2;

-- name: set_roots
-- The commits that the history of project $1 begins with, where they are not known yet or $3 replaces them.
UPDATE projects SET roots = $2 WHERE id = $1 AND (roots = '{}' OR $3) AND roots <> $2
RETURNING true AS done;

-- name: list_ready_hosts
-- The hosts other than $1 that can serve project $2, running or not.
SELECT h.id, h.name, is_alive(h) AS alive
FROM host_projects p
JOIN hosts h ON h.id = p.host_id AND h.removed_at IS NULL
WHERE p.project_id = $2 AND p.host_id <> $1 AND p.state = 'ready'
ORDER BY h.name, h.id;

-- name: list_missing_agents
-- Agents of tasks that wait for a host: their project is ready on host $1, their agent is not.
SELECT DISTINCT t.agent
FROM tasks t
JOIN sessions s ON s.id = t.session_id AND s.host_id IS NULL
JOIN host_projects p ON p.project_id = t.project_id AND p.host_id = $1 AND p.state = 'ready'
WHERE t.state = 'pending'
  AND NOT EXISTS (SELECT FROM available_agents a WHERE a.host_id = $1 AND a.name = t.agent AND a.state = 'ready')
LIMIT 20;

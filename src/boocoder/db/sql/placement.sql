-- What decides where a waiting task can run, for people; claim_tasks applies the same rules.

-- name: list_placement_hosts
-- The hosts that a person may expect to run something, with what each has of the projects $1 and the agents $2.
SELECT h.id, h.name, is_alive(h) AS alive, h.drained_at IS NOT NULL AS drained,
       coalesce((SELECT jsonb_object_agg(p.project_id, p.state) FROM host_projects p
                 WHERE p.host_id = h.id AND h.removed_at IS NULL AND p.project_id = ANY ($1)), '{}') AS projects,
       coalesce((SELECT jsonb_object_agg(a.name, jsonb_build_object('state', a.state, 'reason', a.reason, 'cure', a.cure))
                 FROM available_agents a
                 WHERE a.host_id = h.id AND h.removed_at IS NULL AND a.name = ANY ($2)), '{}') AS agents
FROM hosts h
WHERE h.removed_at IS NULL OR EXISTS (SELECT FROM sessions s WHERE s.host_id = h.id AND s.id = ANY ($3))
ORDER BY h.name, h.started_at, h.id;

-- name: list_placement_sessions
-- Where the sessions $1 are bound to, where their projects are, whether other hosts can have their files, and why hosts
-- could not go on with them.
SELECT s.id, s.host_id, p.path AS project_path,
       EXISTS (SELECT FROM session_worktrees w WHERE w.session_id = s.id) AS has_files,
       EXISTS (SELECT FROM stored_snapshots t WHERE t.session_id = s.id AND t.state = 'stored') AS stored,
       coalesce((SELECT jsonb_object_agg(f.host_id, f.text || ' ' || f.cure) FROM takeover_failures f
                 WHERE f.session_id = s.id), '{}') AS failures
FROM sessions s JOIN projects p ON p.id = s.project_id
WHERE s.id = ANY ($1);

-- name: find_running_host
-- The host of session $1, if it has one and that runs: it takes the session's tasks.
SELECT h.id FROM sessions s JOIN hosts h ON h.id = s.host_id
WHERE s.id = $1 AND is_alive(h);

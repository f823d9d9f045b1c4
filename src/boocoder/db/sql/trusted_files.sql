-- What a person has trusted of a project, by path and content.

-- name: list_trusted
-- Every path and hash of a project.
SELECT t.path, t.sha256 FROM trusted_files t WHERE t.project_id = $1;

-- name: trust_files
-- Adds pairs of the same length; those that are there stay.
INSERT INTO trusted_files (project_id, path, sha256)
SELECT $1, given.path, given.sha256 FROM unnest($2::text[], $3::text[]) AS given (path, sha256)
ON CONFLICT DO NOTHING
RETURNING true AS done;

-- name: distrust_project
-- Forgets all of a project.
DELETE FROM trusted_files WHERE project_id = $1 RETURNING true AS done;

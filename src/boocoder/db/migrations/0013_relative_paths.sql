-- Paths in the data directory are stored relative to it, so that it can be moved and copied. Each connection says where
-- it is, as boocoder.data_dir; a path outside of it stays absolute.

CREATE FUNCTION absolute_path(path text) RETURNS text LANGUAGE sql STABLE
RETURN CASE WHEN starts_with(path, '/') THEN path
            WHEN path IS NOT NULL THEN current_setting('boocoder.data_dir') || '/' || path END;

CREATE FUNCTION relative_path(path text) RETURNS text LANGUAGE sql STABLE
RETURN CASE WHEN starts_with(path, nullif(current_setting('boocoder.data_dir', true), '') || '/')
            THEN substr(path, length(current_setting('boocoder.data_dir')) + 2) ELSE path END;

-- Wherever the data directory was when the row was written: the names below it are ours.
UPDATE session_worktrees SET path = 'worktrees/' || session_id
WHERE path LIKE '/%/worktrees/' || session_id;
UPDATE attachments SET path = 'attachments/' || id || '/' || name
WHERE starts_with(path, '/')
  AND right(path, length('/attachments/' || id || '/' || name)) = '/attachments/' || id || '/' || name;

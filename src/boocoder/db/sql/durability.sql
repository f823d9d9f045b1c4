-- Durability: what was committed without waiting for the disk.

-- name: commit_early
-- The commit of this transaction does not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true) = 'off' AS done;

-- name: flush_commits
-- Everything that was committed before is on disk when this returns, on a connection whose commits wait: the message
-- gives the transaction an id, so that its commit is written. Nobody reads it.
SELECT true AS done FROM pg_logical_emit_message(true, 'boocoder', '');

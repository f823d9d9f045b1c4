-- Which migrations a database has.

-- name: create_table
-- The record of applied migrations; the only table that no migration makes.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    sha256      bytea NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);

-- name: lock_schema
-- Held until the connection closes: one process at a time migrates a database.
SELECT pg_advisory_lock($1) IS NOT NULL AS done;

-- name: list_applied
-- What was applied, oldest first.
SELECT version, name, sha256 FROM schema_migrations ORDER BY version;

-- name: insert_applied
-- A migration was applied.
INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3) RETURNING true AS done;

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

-- name: inspect
-- What has to be right before the schema is made or used.
SELECT current_setting('server_encoding') AS encoding, current_setting('server_version_num')::integer AS version,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only,
       coalesce(current_schema()::text, '') AS schema_name,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
       to_regclass('schema_migrations') IS NOT NULL AS has_record,
       NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass('schema_migrations') AND a.attname = 'sha256')
           AS foreign_record,
       ARRAY(SELECT c.relname::text FROM pg_class c
             WHERE c.relnamespace = to_regnamespace(current_schema()::text) AND c.relkind IN ('r', 'p', 'v', 'm')
               AND c.relname IN ('hosts', 'projects', 'sessions', 'chats', 'tasks', 'messages', 'events', 'snapshots')
             ORDER BY c.relname) AS tables,
       current_user::text AS role_name, current_database()::text AS database_name;

-- name: list_applied
-- What was applied, oldest first.
SELECT version, name, sha256 FROM schema_migrations ORDER BY version;

-- name: insert_applied
-- A migration was applied.
INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3) RETURNING true AS done;

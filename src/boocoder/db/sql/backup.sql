-- What a backup needs to know of the whole database.

-- name: export_snapshot
-- The name under which pg_dump sees exactly what this transaction sees.
SELECT pg_export_snapshot() AS name;

-- name: list_tables
-- All tables of ours; none where the database is empty.
SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename;

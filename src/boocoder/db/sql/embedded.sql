-- The embedded server, before it has our schema.

-- name: probe
-- Which data directory it serves, and whether it holds our database.
SELECT current_setting('data_directory') AS data_directory,
       EXISTS (SELECT FROM pg_database WHERE datname = 'boocoder') AS has_database;

-- name: create_database
-- Makes our database in a new server.
CREATE DATABASE boocoder;

-- name: offer_password
-- Holds the role's new password for `set_password`, as ALTER ROLE takes no parameter.
SELECT set_config('boocoder.password', $1, false);

-- name: set_password
-- Sets the password that `offer_password` holds.
DO $$
BEGIN
    EXECUTE format('ALTER ROLE boocoder PASSWORD %L', current_setting('boocoder.password'));
END
$$;

-- name: reload_rules
-- Has the server read pg_hba.conf again.
SELECT pg_reload_conf();

-- The embedded server, before anything of ours is in it.

-- name: probe
-- Which data directory it serves, and whether it holds our database.
SELECT current_setting('data_directory') AS data_directory,
       EXISTS (SELECT FROM pg_database WHERE datname = 'boocoder') AS has_database;

-- name: create_database
-- Makes our database in a new server.
CREATE DATABASE boocoder;

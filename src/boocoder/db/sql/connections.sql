-- What holds for one connection.

-- name: set_parameters
-- Sets the parameters $1 to the values $2 until the connection closes.
SELECT bool_and(set_config(n.name, n.value, false) IS NOT NULL) AS done FROM unnest($1::text[], $2::text[]) AS n (name, value);

-- name: server_process
-- The process of the server that answers.
SELECT pg_backend_pid() AS pid;

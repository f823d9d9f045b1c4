-- The connection that listens for NOTIFY.

-- name: ping
-- Proves that the way to the server and back is open.
SELECT true AS done;

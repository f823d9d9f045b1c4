-- How many batches the turns of a session have stored. Batches are committed before they are on disk, so that a database that
-- crashes may have lost the newest ones; the turn that wrote them notices by this number, and writes them again.
ALTER TABLE event_streams ADD COLUMN batches bigint NOT NULL DEFAULT 0;

-- The copies on the disk of files that were sent to a deleted session, which no row names any more.

ALTER TABLE deleted_sessions ADD COLUMN attachments uuid[] NOT NULL DEFAULT '{}';

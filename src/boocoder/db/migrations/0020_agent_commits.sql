-- What a session's branch was on when a turn's files were taken, so that the commits of a change's agent can be named.
ALTER TABLE snapshots ADD COLUMN head_commit text;

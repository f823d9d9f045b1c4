-- A list of sessions tells since when the agent of a running turn has been silent, and a project can be removed from
-- the list and brought back as it was.

-- When a running turn last stored something. It stands beside the counter, which every batch of a turn writes anyway.
ALTER TABLE event_streams ADD COLUMN heard_at timestamptz;

-- Archived because its project was removed: adding the project again opens it again.
ALTER TABLE sessions ADD COLUMN archived_with_project boolean NOT NULL DEFAULT false;
ALTER TABLE sessions ADD CHECK (NOT archived_with_project OR state = 'archived');

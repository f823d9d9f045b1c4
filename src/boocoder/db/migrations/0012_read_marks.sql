-- Which sessions a person has read is known to the service, so that it is the same in every browser.

-- When a person last looked at the session. What exists before this migration counts as read.
ALTER TABLE sessions ADD COLUMN seen_at timestamptz;
UPDATE sessions SET seen_at = now();

-- How far the stream of a session is folded, and how far its answers are deleted. Up to `folded_seq` numbers may be missing:
-- frames that a later one replaced, and pieces of text that were joined to the next one.
ALTER TABLE event_streams
    ADD COLUMN folded_seq bigint NOT NULL DEFAULT 0,
    ADD COLUMN emptied_seq bigint NOT NULL DEFAULT 0;

CREATE INDEX sessions_archived ON sessions (updated_at) WHERE state = 'archived';

-- Review at the grain of lines: units that a person split or edited.

-- Parts of units, kept by what they change at which place, so that they are found again after a later turn. Old lines
-- are counted in the base. `content_id` is shared by parts that insert the same lines at the same place.
CREATE TABLE review_parts (
    session_id   uuid NOT NULL REFERENCES sessions (id),
    unit_id      text NOT NULL CHECK (unit_id <> ''),
    content_id   text NOT NULL CHECK (content_id <> ''),
    base_path    bytea NOT NULL,
    old_start    integer NOT NULL CHECK (old_start >= 0),
    old_count    integer NOT NULL CHECK (old_count >= 0),
    new_count    integer NOT NULL CHECK (new_count >= 0),
    first        text NOT NULL,
    place        integer NOT NULL CHECK (place >= 0),
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, unit_id)
);

-- The lines that a person wants in place of an accepted unit's, and whether what they replace is rejected.
ALTER TABLE review_decisions
    ADD COLUMN edited        bytea,
    ADD COLUMN rest_rejected boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT edited_is_accepted CHECK (edited IS NULL OR verdict = 'accepted');

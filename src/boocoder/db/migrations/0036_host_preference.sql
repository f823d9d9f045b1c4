-- What hosts say of themselves at their start: which of them new sessions go to first, and how many turns they run at once.
ALTER TABLE hosts
    ADD COLUMN preference smallint NOT NULL DEFAULT 0,
    ADD COLUMN max_turns integer NOT NULL DEFAULT 1 CHECK (max_turns > 0);

-- Steering: messages for a turn that runs. The states and their allowed changes:
--   reserved    -> delivered (the turn gives it to the agent) | withdrawn (by a person) | returned
--   delivered   -> confirmed (the agent has it) | returned (the agent refused it) | unconfirmed (nobody knows)
-- A message that ends as returned is a task of the queue. One that was delivered is never sent again by itself.

CREATE TYPE steer_state AS ENUM ('reserved', 'delivered', 'confirmed', 'returned', 'withdrawn', 'unconfirmed');

ALTER TYPE part_kind ADD VALUE 'steer';

-- `message_id` and `part` are where in the conversation it was delivered.
CREATE TABLE steers (
    id               uuid PRIMARY KEY,
    ord              bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    session_id       uuid NOT NULL REFERENCES sessions (id),
    task_id          uuid NOT NULL REFERENCES tasks (id),  -- whose turn it is for
    prompt           text NOT NULL CHECK (prompt <> ''),
    sent_by          text NOT NULL,
    state            steer_state NOT NULL DEFAULT 'reserved',
    message_id       uuid REFERENCES messages (id),
    part             integer CHECK (part >= 0),
    queued_task_id   uuid UNIQUE REFERENCES tasks (id),
    idempotency_key  text UNIQUE,
    created_at       timestamptz NOT NULL DEFAULT now(),
    delivered_at     timestamptz,
    ended_at         timestamptz,
    CONSTRAINT steers_place_is_whole CHECK ((message_id IS NULL) = (part IS NULL) AND (part IS NULL) = (delivered_at IS NULL)),
    CONSTRAINT steers_sent_has_place CHECK (state NOT IN ('delivered', 'confirmed', 'unconfirmed') OR part IS NOT NULL),
    CONSTRAINT steers_waiting_has_none CHECK (state NOT IN ('reserved', 'withdrawn') OR part IS NULL),
    CONSTRAINT steers_returned_is_task CHECK ((state = 'returned') = (queued_task_id IS NOT NULL)),
    CONSTRAINT steers_final_has_end CHECK ((state IN ('reserved', 'delivered')) = (ended_at IS NULL))
);
CREATE INDEX steers_open ON steers (task_id, ord) WHERE state IN ('reserved', 'delivered');
CREATE INDEX steers_by_session ON steers (session_id, ord);

-- The turn waits on the same channel as for other answers of a person.
CREATE FUNCTION notify_steer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('boocoder_permissions', 'steers');
    RETURN NULL;
END $$;

CREATE TRIGGER steers_reserved AFTER INSERT ON steers
    FOR EACH ROW WHEN (NEW.state = 'reserved') EXECUTE FUNCTION notify_steer();

ALTER TABLE available_agents ADD COLUMN steering boolean NOT NULL DEFAULT false;  -- takes a message during its turn

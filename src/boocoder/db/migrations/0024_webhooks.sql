-- Webhooks: URLs of a person that are told of events, and the outbox of what they are told.

-- waiting -> delivered         the receiver took it
-- waiting -> failed            given up
-- waiting -> cancelled         the webhook was turned off
CREATE TYPE webhook_delivery_state AS ENUM ('waiting', 'delivered', 'failed', 'cancelled');

CREATE TABLE webhooks (
    id          uuid PRIMARY KEY,
    url         text NOT NULL CHECK (url ~ '^https?://'),
    secret      text NOT NULL CHECK (secret ~ '^whsec_'),
    events      text[] NOT NULL DEFAULT '{}',  -- empty: all
    project_id  uuid REFERENCES projects (id) ON DELETE CASCADE,  -- null: all
    enabled     boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- `ord` is the order of delivery for one webhook and session: a session's events are written under the lock of its
-- counter, so it is the order of their commits too. A lease keeps other hosts off while one sends.
CREATE TABLE webhook_deliveries (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ord             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    webhook_id      uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    session_id      uuid REFERENCES sessions (id),  -- null: a test
    message_id      uuid NOT NULL DEFAULT gen_random_uuid(),  -- stays the same when it is sent again
    event           text NOT NULL,
    data            jsonb NOT NULL,
    state           webhook_delivery_state NOT NULL DEFAULT 'waiting',
    tries           integer NOT NULL DEFAULT 0,
    happened_at     timestamptz NOT NULL DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now(),
    next_try_at     timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    status_code     integer,
    error           text NOT NULL DEFAULT '',
    lease_host      uuid,
    lease_instance  uuid,
    lease_until     timestamptz,
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK ((lease_until IS NULL) = (lease_instance IS NULL) AND (lease_until IS NULL) = (lease_host IS NULL))
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, session_id, ord) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, ord DESC);
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (webhook_id) WHERE lease_until IS NOT NULL;
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- Every event that webhooks tell of is a durable frame, so the outbox is filled where frames are stored: in the same
-- transaction, and without a statement of its own. A webhook that is being deleted is waited for and then skipped;
-- a foreign key that fails would take the turn's transaction with it.
CREATE FUNCTION queue_webhook_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    happened text;
    asked_state text := NEW.frame ->> 'state';
    task uuid := (NEW.frame ->> 'task_id')::uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks WHERE enabled) THEN
        RETURN NULL;
    END IF;
    IF NEW.type = 'turn_ended' THEN
        -- The end of an attempt whose task goes back to the queue is no end of a turn.
        IF EXISTS (SELECT FROM tasks t WHERE t.id = task AND t.state = 'pending') THEN
            RETURN NULL;
        END IF;
        happened := 'turn.' || (NEW.frame ->> 'outcome');
    ELSIF NEW.type = 'change_updated' THEN
        happened := CASE asked_state WHEN 'applied' THEN 'change.applied' ELSE 'change.updated' END;
    ELSIF asked_state = 'asked' THEN
        happened := NEW.type || '.asked';
    ELSE
        RETURN NULL;
    END IF;
    INSERT INTO webhook_deliveries (webhook_id, session_id, event, data)
    SELECT w.id, s.id, happened, jsonb_build_object(
        'session_id', s.id,
        'task_id', coalesce(task, c.task_id),
        'project_id', p.id,
        'project', p.name,
        'title', s.title,
        'state', coalesce(NEW.frame ->> 'outcome', asked_state),
        'code', coalesce(NEW.frame ->> 'code', ''),
        'text', coalesce(NEW.frame ->> 'text', NEW.frame ->> 'title', NEW.frame #>> '{questions,0,question}', ''),
        'change', CASE WHEN c.id IS NOT NULL THEN jsonb_build_object(
            'id', c.id, 'state', c.state, 'files', jsonb_array_length(c.files),
            'additions', c.additions, 'deletions', c.deletions) END)
    FROM sessions s
    JOIN projects p ON p.id = s.project_id
    LEFT JOIN pending_changes c ON c.session_id = s.id AND CASE
        WHEN NEW.frame ? 'change_id' THEN c.id = (NEW.frame ->> 'change_id')::uuid ELSE c.state = 'pending' END
    JOIN webhooks w ON w.enabled AND (w.project_id IS NULL OR w.project_id = s.project_id)
        AND (w.events = '{}' OR happened = ANY (w.events))
    WHERE s.id = NEW.session_id
    ORDER BY w.id
    FOR KEY SHARE OF w;
    IF FOUND THEN
        PERFORM pg_notify('boocoder_webhooks', 'ready');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER events_webhooks AFTER INSERT ON events
    FOR EACH ROW WHEN (NEW.type IN ('turn_ended', 'permission', 'question', 'change_updated'))
    EXECUTE FUNCTION queue_webhook_deliveries();

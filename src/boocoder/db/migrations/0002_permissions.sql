-- Permissions and questions: what agents ask a person, and the rules that answer for the person.

CREATE TYPE permission_kind AS ENUM ('permission', 'question');
-- asked -> allowed | refused   a permission, by a person, a rule or its time limit
-- asked -> answered | refused  a question, answered or dismissed
-- asked -> cancelled           its attempt ended first
CREATE TYPE permission_state AS ENUM ('asked', 'allowed', 'refused', 'answered', 'cancelled');
CREATE TYPE permission_decider AS ENUM ('person', 'rule', 'timeout', 'turn');
CREATE TYPE permission_action AS ENUM ('allow', 'deny', 'ask');

-- A rule holds for one session, for one project, or, with neither, everywhere.
CREATE TABLE permission_rules (
    id          uuid PRIMARY KEY,
    ord         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    project_id  uuid REFERENCES projects (id),
    session_id  uuid REFERENCES sessions (id),
    tool        text NOT NULL CHECK (tool <> ''),
    argument    text NOT NULL,
    exact       boolean NOT NULL,  -- tool and argument are texts, not patterns
    action      permission_action NOT NULL,
    uses        bigint NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (project_id IS NULL OR session_id IS NULL)
);
CREATE INDEX permission_rules_of_session ON permission_rules (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX permission_rules_of_project ON permission_rules (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX permission_rules_global ON permission_rules (ord) WHERE session_id IS NULL AND project_id IS NULL;

-- `told_at`: when the stream got the decision; the end of the attempt tells what was not told before.
CREATE TABLE permission_requests (
    id           uuid PRIMARY KEY,
    ord          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    task_id      uuid NOT NULL,
    epoch        integer NOT NULL,
    message_id   uuid NOT NULL REFERENCES messages (id),
    part         integer NOT NULL CHECK (part >= 0),
    tool_part    integer,
    key          text NOT NULL,           -- the backend's own name of the request
    kind         permission_kind NOT NULL,
    tool         text NOT NULL,
    title        text NOT NULL,
    argument     text NOT NULL,
    options      jsonb NOT NULL,          -- of a permission: the agent's answers; of a question: the questions
    state        permission_state NOT NULL DEFAULT 'asked',
    answer       jsonb,                   -- {"message": ...} or {"answers": [[...], ...]}
    decided_by   permission_decider,
    rule_id      uuid,                    -- kept when the rule is deleted
    asked_at     timestamptz NOT NULL DEFAULT now(),
    decided_at   timestamptz,
    told_at      timestamptz,
    FOREIGN KEY (task_id, epoch) REFERENCES attempts (task_id, epoch),
    CHECK ((state = 'asked') = (decided_at IS NULL)),
    CHECK ((state = 'asked') = (decided_by IS NULL)),
    CHECK (state <> 'asked' OR told_at IS NULL),
    CHECK (state <> 'allowed' OR kind = 'permission'),
    CHECK (state <> 'answered' OR (kind = 'question' AND answer IS NOT NULL)),
    CHECK ((state = 'cancelled') = (decided_by IS NOT DISTINCT FROM 'turn')),
    CHECK (decided_by IS NOT DISTINCT FROM 'rule' OR rule_id IS NULL)
);
CREATE UNIQUE INDEX permission_requests_one_open ON permission_requests (task_id, epoch, key) WHERE state = 'asked';
CREATE INDEX permission_requests_open ON permission_requests (session_id) WHERE state = 'asked';
CREATE INDEX permission_requests_untold ON permission_requests (task_id, epoch) WHERE told_at IS NULL;
CREATE INDEX permission_requests_by_session ON permission_requests (session_id, ord DESC);

-- NOTIFY is a hint: whoever waits for a decision looks at its row now and then.
CREATE FUNCTION notify_permissions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('boocoder_permissions', TG_TABLE_NAME);
    RETURN NULL;
END $$;

CREATE TRIGGER permission_requests_notify AFTER UPDATE OF state ON permission_requests
    FOR EACH ROW WHEN (OLD.state = 'asked' AND NEW.state <> 'asked') EXECUTE FUNCTION notify_permissions();
CREATE TRIGGER permission_rules_notify AFTER INSERT ON permission_rules
    FOR EACH ROW EXECUTE FUNCTION notify_permissions();

-- The whole schema of boocoder 0.1. Times are the database's clock. Enums, CHECKs and partial unique
-- indexes hold the invariants; the code may assume them.

-- pending -> running            claim
-- pending -> cancelled          cancel
-- running -> pending            rescue or stop, only while the prompt was never sent
-- running -> any final state    settle or rescue
CREATE TYPE task_state AS ENUM ('pending', 'running', 'completed', 'failed', 'cancelled', 'interrupted', 'timed_out');
CREATE TYPE session_state AS ENUM ('open', 'archived');
CREATE TYPE message_role AS ENUM ('user', 'assistant');
CREATE TYPE message_status AS ENUM ('streaming', 'complete', 'failed', 'cancelled', 'interrupted', 'timed_out');
CREATE TYPE part_kind AS ENUM ('text', 'reasoning', 'tool_call', 'plan', 'permission', 'question', 'notice');
-- making -> ready -> gone
CREATE TYPE worktree_state AS ENUM ('making', 'ready', 'gone');
-- pending -> superseded | withdrawn | applied | rejected; superseded -> applied while its files are being written
CREATE TYPE change_state AS ENUM ('pending', 'superseded', 'withdrawn', 'applied', 'rejected');
-- writing -> done | undone
CREATE TYPE apply_state AS ENUM ('writing', 'done', 'undone');
CREATE TYPE agent_session_state AS ENUM ('active', 'crashed');
CREATE TYPE snapshot_kind AS ENUM ('turn_end', 'interrupted', 'apply', 'manual');
CREATE TYPE agent_state AS ENUM ('loading', 'ready', 'unavailable', 'error');

-- A host is one data directory; `instance_id` changes with every start of it.
CREATE TABLE hosts (
    id           uuid PRIMARY KEY,
    instance_id  uuid NOT NULL,
    name         text NOT NULL,
    pid          integer NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    lease_until  timestamptz NOT NULL,
    stopped_at   timestamptz
);

CREATE TABLE projects (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    path         text NOT NULL UNIQUE CHECK (path LIKE '/%'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    archived_at  timestamptz
);

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    project_id   uuid NOT NULL REFERENCES projects (id),
    host_id      uuid REFERENCES hosts (id),  -- set by the first claim: there live its worktree and agents
    title        text NOT NULL,
    state        session_state NOT NULL DEFAULT 'open',
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_by_project ON sessions (project_id, created_at DESC);

-- The last number given in each session's stream. A table of its own, so that numbering an event
-- never locks the session's row.
CREATE TABLE event_streams (
    session_id   uuid PRIMARY KEY REFERENCES sessions (id),
    last_seq     bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE chats (
    id           uuid PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    title        text NOT NULL,
    agent        text,      -- remembered from its newest task, offered for the next one
    model        text,
    mode         text,
    thinking     text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, session_id)
);
CREATE INDEX chats_by_session ON chats (session_id, created_at);

CREATE TABLE tasks (
    id                   uuid PRIMARY KEY,
    ord                  bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- order of arrival
    project_id           uuid NOT NULL REFERENCES projects (id),
    session_id           uuid NOT NULL REFERENCES sessions (id),
    chat_id              uuid NOT NULL,
    prompt               text NOT NULL CHECK (prompt <> ''),
    agent                text NOT NULL,
    model                text,
    mode                 text,
    thinking             text,
    priority             smallint NOT NULL DEFAULT 0,  -- between sessions; inside one, order of arrival
    state                task_state NOT NULL DEFAULT 'pending',
    epoch                integer NOT NULL DEFAULT 0,   -- number of the newest attempt
    idempotency_key      text UNIQUE,
    request_hash         bytea,                        -- of the request that used the key
    cancel_requested_at  timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    started_at           timestamptz,
    ended_at             timestamptz,
    error_code           text,
    error_text           text,
    error_cure           text,
    summary              text,
    usage                jsonb,
    FOREIGN KEY (chat_id, session_id) REFERENCES chats (id, session_id),
    CHECK ((state IN ('pending', 'running')) = (ended_at IS NULL)),
    CHECK (state <> 'running' OR started_at IS NOT NULL),
    CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
);
CREATE UNIQUE INDEX tasks_one_running_per_session ON tasks (session_id) WHERE state = 'running';
CREATE INDEX tasks_pending ON tasks (session_id, ord) WHERE state = 'pending';
CREATE INDEX tasks_by_session ON tasks (session_id, ord);
CREATE INDEX tasks_running ON tasks (started_at) WHERE state = 'running';

-- One try of a turn by one host. Every write of a turn is guarded by (task_id, epoch, instance_id) and
-- `ended_at IS NULL`; a writer that finds no such row has lost its lease and writes nothing.
CREATE TABLE attempts (
    task_id         uuid NOT NULL REFERENCES tasks (id),
    epoch           integer NOT NULL CHECK (epoch > 0),
    host_id         uuid NOT NULL REFERENCES hosts (id),
    instance_id     uuid NOT NULL,
    lease_until     timestamptz NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    prompt_sent_at  timestamptz,
    ended_at        timestamptz,
    outcome         task_state,  -- 'pending' when it was given back unsent
    PRIMARY KEY (task_id, epoch),
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK (outcome IS NULL OR outcome <> 'running')
);
CREATE UNIQUE INDEX attempts_one_live_per_task ON attempts (task_id) WHERE ended_at IS NULL;
CREATE INDEX attempts_live ON attempts (instance_id) WHERE ended_at IS NULL;

CREATE TABLE messages (
    id           uuid PRIMARY KEY,
    ord          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    chat_id      uuid NOT NULL,
    task_id      uuid NOT NULL REFERENCES tasks (id),
    role         message_role NOT NULL,
    status       message_status NOT NULL,
    agent        text,
    model        text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    FOREIGN KEY (chat_id, session_id) REFERENCES chats (id, session_id),
    CHECK ((status = 'streaming') = (finished_at IS NULL)),
    CHECK (role = 'assistant' OR status = 'complete')
);
CREATE INDEX messages_by_chat ON messages (chat_id, ord);
CREATE UNIQUE INDEX messages_one_user_per_task ON messages (task_id) WHERE role = 'user';
CREATE UNIQUE INDEX messages_one_streaming_per_task ON messages (task_id) WHERE status = 'streaming';

-- `key` is the backend's own name of the part, so that a recovery finds what is stored already.
-- `data` holds the newest durable frame of a tool call, plan or notice, without its envelope.
CREATE TABLE message_parts (
    message_id   uuid NOT NULL REFERENCES messages (id),
    part         integer NOT NULL CHECK (part >= 0),
    kind         part_kind NOT NULL,
    key          text NOT NULL,
    data         jsonb,
    PRIMARY KEY (message_id, part),
    UNIQUE (message_id, key)
);

-- All streamed text, appended in batches. A row of field 'text' is also a numbered event of its session:
-- events and these rows together have the numbers 1..last_seq without gap. Long inputs and outputs of
-- tools (fields 'input', 'output') have no number: their tool_call event says how many characters there are.
CREATE TABLE part_chunks (
    message_id   uuid NOT NULL,
    part         integer NOT NULL,
    field        text NOT NULL CHECK (field IN ('text', 'input', 'output')),
    "offset"     integer NOT NULL CHECK ("offset" >= 0),  -- code points
    text         text NOT NULL CHECK (text <> ''),
    session_id   uuid NOT NULL,
    seq          bigint,
    PRIMARY KEY (message_id, part, field, "offset"),
    FOREIGN KEY (message_id, part) REFERENCES message_parts (message_id, part),
    CHECK ((field = 'text') = (seq IS NOT NULL))
);
CREATE UNIQUE INDEX part_chunks_by_seq ON part_chunks (session_id, seq) WHERE seq IS NOT NULL;

-- Durable frames. `frame` is the frame's JSON as frames.encode makes it, without seq and at.
CREATE TABLE events (
    session_id   uuid NOT NULL REFERENCES sessions (id),
    seq          bigint NOT NULL CHECK (seq > 0),
    type         text NOT NULL,
    frame        jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, seq)
);

-- The agent's own conversation for (chat, agent).
CREATE TABLE agent_sessions (
    chat_id          uuid NOT NULL REFERENCES chats (id),
    agent            text NOT NULL,
    backend          text NOT NULL,
    native_id        text NOT NULL,
    config_hash      text NOT NULL,
    state            agent_session_state NOT NULL DEFAULT 'active',
    seen_message_ord bigint NOT NULL DEFAULT 0,  -- the newest message of the chat that it knows
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, agent)
);

CREATE TABLE session_worktrees (
    session_id   uuid PRIMARY KEY REFERENCES sessions (id),
    path         text NOT NULL UNIQUE,
    base_commit  text NOT NULL CHECK (base_commit ~ '^[0-9a-f]{40,64}$'),
    base_tree    text NOT NULL CHECK (base_tree ~ '^[0-9a-f]{40,64}$'),
    state        worktree_state NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- A git tree of the worktree, kept by a ref in the project's shadow repository.
CREATE TABLE snapshots (
    id           uuid PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    task_id      uuid REFERENCES tasks (id),
    kind         snapshot_kind NOT NULL,
    tree         text NOT NULL CHECK (tree ~ '^[0-9a-f]{40,64}$'),
    taken_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX snapshots_by_session ON snapshots (session_id, taken_at DESC);

-- The session's accumulating change, base tree -> tree.
CREATE TABLE pending_changes (
    id           uuid PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES sessions (id),
    task_id      uuid NOT NULL REFERENCES tasks (id),  -- the turn that made it
    agent        text NOT NULL,
    state        change_state NOT NULL DEFAULT 'pending',
    base_tree    text NOT NULL,
    tree         text NOT NULL,
    files        jsonb NOT NULL,  -- [{path, status, additions, deletions, binary, ...}], paths percent-coded if not UTF-8
    additions    integer NOT NULL,
    deletions    integer NOT NULL,
    diff         bytea,           -- git diff --binary --full-index; NULL past DIFF_STORE_MAX_BYTES
    created_at   timestamptz NOT NULL DEFAULT now(),
    decided_at   timestamptz,
    CHECK ((state = 'pending') = (decided_at IS NULL)),
    CHECK (base_tree <> tree)
);
CREATE UNIQUE INDEX pending_changes_one_per_session ON pending_changes (session_id) WHERE state = 'pending';
CREATE INDEX pending_changes_by_session ON pending_changes (session_id, created_at DESC);

-- The journal of writing a change into the user's checkout: pre_tree -> post_tree, path by path. A row that
-- is still 'writing' at a start was cut short and is finished or undone from the two trees.
CREATE TABLE change_applies (
    change_id    uuid PRIMARY KEY REFERENCES pending_changes (id),
    project_id   uuid NOT NULL REFERENCES projects (id),
    state        apply_state NOT NULL DEFAULT 'writing',
    pre_tree     text NOT NULL,
    post_tree    text NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    CHECK ((state = 'writing') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX change_applies_one_writing_per_project ON change_applies (project_id) WHERE state = 'writing';

CREATE TABLE available_agents (
    host_id        uuid NOT NULL REFERENCES hosts (id),
    name           text NOT NULL,
    backend        text NOT NULL,
    state          agent_state NOT NULL,
    reason         text NOT NULL DEFAULT '',
    cure           text NOT NULL DEFAULT '',
    version        text NOT NULL DEFAULT '',
    program        text NOT NULL DEFAULT '',
    models         jsonb NOT NULL DEFAULT '[]',
    modes          jsonb NOT NULL DEFAULT '[]',
    default_model  text,
    probed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host_id, name)
);

-- NOTIFY is a hint: everything is right with it off. Payloads are ids only.
CREATE FUNCTION notify_task_ready() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('boocoder_tasks', 'ready:' || NEW.session_id);
    ELSIF NEW.state = 'pending' AND OLD.state <> 'pending' THEN
        PERFORM pg_notify('boocoder_tasks', 'ready:' || NEW.session_id);
    ELSIF OLD.state = 'running' AND NEW.state <> 'running'
        AND EXISTS (SELECT FROM tasks WHERE session_id = NEW.session_id AND state = 'pending') THEN
        PERFORM pg_notify('boocoder_tasks', 'ready:' || NEW.session_id);
    ELSIF NEW.cancel_requested_at IS NOT NULL AND OLD.cancel_requested_at IS NULL AND NEW.state = 'running' THEN
        PERFORM pg_notify('boocoder_tasks', 'cancel:' || NEW.id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tasks_notify AFTER INSERT OR UPDATE OF state, cancel_requested_at ON tasks
    FOR EACH ROW EXECUTE FUNCTION notify_task_ready();

-- Published branches, what forges say of them, and the rounds in which a session's agent answers that.

-- watching -> working           a round's task was queued
-- working -> publishing         its turn left a change
-- publishing -> watching        pushed; or its gate failed, which is the next round's reason
-- any but merged -> stopped     by a person, a bound or a failure; stopped -> watching by a person
-- any -> merged | closed        the forge says so
CREATE TYPE follow_state AS ENUM ('watching', 'working', 'publishing', 'merged', 'closed', 'stopped');
CREATE TYPE forge_event_kind AS ENUM ('ci', 'review', 'comment', 'base', 'gate');

CREATE TABLE branch_follows (
    session_id    uuid PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    project_id    uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    repository    text NOT NULL,               -- its path at the forge in lower case, such as owner/name
    remote        text NOT NULL,
    branch        text NOT NULL CHECK (branch <> ''),
    commit        text NOT NULL,               -- the newest that was pushed; what CI says of others does not count
    base          text NOT NULL DEFAULT '',    -- the branch that it is meant for; '' until the forge has said so
    url           text NOT NULL DEFAULT '',    -- of the pull request
    number        integer,                     -- of the pull request
    state         follow_state NOT NULL,
    reason        text NOT NULL DEFAULT '',    -- why it is stopped
    detail        text NOT NULL DEFAULT '',
    rounds        integer NOT NULL DEFAULT 0,
    rounds_max    integer NOT NULL CHECK (rounds_max >= 0),
    cost_usd      double precision NOT NULL DEFAULT 0,  -- of its rounds
    cost_max_usd  double precision NOT NULL CHECK (cost_max_usd >= 0),  -- 0: no bound
    gate          text NOT NULL DEFAULT '',    -- a command that has to end with 0 before a round is pushed
    reviewers     text[] NOT NULL DEFAULT '{}',
    task_id       uuid REFERENCES tasks (id) ON DELETE SET NULL,  -- of the round under way
    merge_commit  text,                        -- of the base, which the round brings in
    ci            text NOT NULL DEFAULT '' CHECK (ci IN ('', 'passed', 'failed')),
    review        text NOT NULL DEFAULT '' CHECK (review IN ('', 'approved', 'changes_requested')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'stopped') = (reason <> ''))
);
CREATE INDEX branch_follows_by_branch ON branch_follows (project_id, branch);
CREATE INDEX branch_follows_going_on ON branch_follows (session_id) WHERE state IN ('watching', 'working', 'publishing');

-- What a forge or a gate says and what is to be answered; `key` is the same for what says the same.
CREATE TABLE forge_events (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ord         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    session_id  uuid NOT NULL REFERENCES branch_follows (session_id) ON DELETE CASCADE,
    kind        forge_event_kind NOT NULL,
    key         text NOT NULL,
    author      text NOT NULL DEFAULT '',
    text        text NOT NULL,
    url         text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    handled_at  timestamptz,
    round       integer,                       -- the one that answers it; null where there was nothing to do
    UNIQUE (session_id, key)
);
CREATE INDEX forge_events_waiting ON forge_events (session_id, ord) WHERE handled_at IS NULL;

-- How a follow's gate ended for a tree; nothing of a round is pushed without a row with exit code 0 where there is a gate.
CREATE TABLE gate_runs (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    session_id  uuid NOT NULL REFERENCES branch_follows (session_id) ON DELETE CASCADE,
    round       integer NOT NULL,
    command     text NOT NULL,
    exit_code   integer,                       -- null where it did not end by itself
    output      text NOT NULL,
    ended_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gate_runs_by_session ON gate_runs (session_id, ended_at DESC);
